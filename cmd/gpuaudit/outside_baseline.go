package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// baseline adds what is read and written of the folder of a baseline.
func (p *plan) baseline(a *app, cmd *cobra.Command, dir string) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	p.value(readsTrust, in(baseline.TrustName))
	p.read(in(baseline.WaiversName))
	p.read(in(baseline.ConfigName))
	if p.verb.signs == nil {
		p.part(broker.ReadFolder, in(baseline.Manifests), []string{baseline.InManifests})
		return nil
	}
	text := func(name string) string {
		v, _ := cmd.Flags().GetString(name)
		return v
	}
	open, _ := cmd.Flags().GetBool("no-passphrase")
	p.settings, p.pack = in(baseline.ConfigName), text("pack")
	p.baselineKey, p.baselineDir = &baselineKey{key: text("key"), signer: text("signer"), tpm: text("tpm"), open: open}, dir
	from, _ := cmd.Flags().GetStringArray("from")
	p.baselineElsewhere = len(from) > 0
	now, err := clockFlag(text("now")).at(a)
	if err = cmp.Or(err, p.baselineKey.check(dir)); err != nil {
		return err
	}
	p.part(broker.WriteFolder, in(baseline.Manifests), []string{baseline.InManifests})
	for _, name := range baseline.Written() {
		p.grant(broker.WriteFile, in(name))
	}
	p.grant(broker.WriteFile, captureName(dir, now))
	return nil
}

// openBaselineKey opens or makes the key of a baseline, which the judge has signed with.
func (a *app) openBaselineKey(p *plan) error {
	key, err := a.openKey(p.baselineKey, p.baselineDir)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.signer.Public())
	if err != nil {
		return err
	}
	p.opened = key
	p.signers, p.errand.Keys = append(p.signers, key.signer), append(p.errand.Keys, public)
	p.errand.Key = &toldKey{File: key.file, InTPM: key.inTPM, Made: key.made != nil, Exposed: a.exposed(key, p.baselineDir, p.baselineElsewhere)}
	if key.made != nil {
		p.grant(broker.WriteFile, key.file)
	}
	return nil
}

// keyOutput is an output that stands for the file of a new key: what a judge writes to it
// is not looked at. When it is committed, the key is kept.
type keyOutput struct {
	ignored *os.File
	keep    func() error
}

func newKeyOutput(keep func() error) (*keyOutput, error) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &keyOutput{f, keep}, nil
}

func (o *keyOutput) Descriptor() *os.File { return o.ignored }
func (o *keyOutput) Abort()               { o.ignored.Close() }

func (o *keyOutput) Commit() error {
	o.ignored.Close()
	return o.keep()
}

// settingsOutput is the file of settings that a baseline writes. Scans follow it, with the
// rights of who starts them: what a judge wrote is put there only if it is what a baseline
// writes.
type settingsOutput struct {
	target  *outfile.File
	written *os.File // in memory
	pack    string
}

func newSettingsOutput(target *outfile.File, pack string) (*settingsOutput, error) {
	fd, err := unix.MemfdCreate("settings", unix.MFD_CLOEXEC)
	if err != nil {
		target.Abort()
		return nil, fmt.Errorf("make room for the settings: %w", err)
	}
	return &settingsOutput{target, os.NewFile(uintptr(fd), "settings"), pack}, nil
}

func (o *settingsOutput) Descriptor() *os.File { return o.written }

func (o *settingsOutput) Abort() {
	o.written.Close()
	o.target.Abort()
}

func (o *settingsOutput) Commit() error {
	defer o.Abort()
	const limit = 64 << 10
	if _, err := o.written.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, err := bounded.Read(o.written, limit)
	if err != nil {
		return fmt.Errorf("write %s: %w", o.target.Name(), err)
	}
	old, err := readFile(o.target.Name(), limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !baseline.Ours(text, old, o.pack) {
		return fmt.Errorf("write %s: it is not what a baseline writes", o.target.Name())
	}
	if _, err := o.target.Write(text); err != nil {
		return err
	}
	return o.target.Commit()
}
