package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// baseline adds what is read and written of the folder of a baseline.
func (p *plan) baseline(a *app, cmd *cobra.Command, dir string) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	p.value(readsTrust, in(baseline.TrustName))
	p.Read(in(baseline.WaiversName))
	p.Read(in(baseline.ConfigName))
	if p.verb.signs == nil {
		p.Part(broker.ReadFolder, in(baseline.Manifests), []string{baseline.InManifests})
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
	p.Part(broker.WriteFolder, in(baseline.Manifests), []string{baseline.InManifests})
	for _, name := range baseline.Written() {
		p.Grant(broker.WriteFile, in(name))
	}
	p.Grant(broker.WriteFile, captureName(dir, now))
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
	p.signers, p.Errand.Keys = append(p.signers, key.signer), append(p.Errand.Keys, public)
	p.Errand.Key = &apart.ToldKey{File: key.file, InTPM: key.inTPM, Made: key.made != nil, Exposed: a.exposed(key, p.baselineDir, p.baselineElsewhere)}
	if key.made != nil {
		p.Grant(broker.WriteFile, key.file)
	}
	return nil
}

// newSettings is the file of settings that a baseline writes. Scans follow it, with the
// rights of who starts them: what a judge wrote has to be what a baseline writes.
func newSettings(target *outfile.File, pack string) (broker.Output, error) {
	return apart.Checked(target, func(text, old []byte) error {
		if !baseline.Ours(text, old, pack) {
			return errors.New("it is not what a baseline writes")
		}
		return nil
	})
}
