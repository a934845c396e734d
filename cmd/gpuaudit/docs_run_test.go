package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// docHost is the folder in which the commands of one page run, one behind the other.
// "This machine" is one that package hosttest builds.
type docHost struct {
	t       *testing.T
	dir     string
	now     time.Time
	machine string // folder of the machine
	env     map[string]string
}

// docsClock is the day on which the commands of the pages are run.
var docsClock = time.Date(2026, 11, 26, 5, 0, 8, 0, time.UTC)

func newSandbox(t *testing.T) *docHost {
	t.Helper()
	s := &docHost{t: t, dir: t.TempDir(), now: docsClock}
	s.env = map[string]string{"COSIGN_PASSWORD": "", "HOME": s.dir}
	t.Chdir(s.dir)
	s.on("good")
	return s
}

// inProcess runs a command line of gpuaudit in this process.
func inProcess(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, now time.Time, env map[string]string) int {
	a := &app{
		Stdin: stdin, Stdout: stdout, Stderr: stderr, Now: func() time.Time { return now },
		Getenv:     func(name string) string { return env[name] },
		LookupEnv:  func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		unconfined: true, own: ownInTests,
	}
	a.InventoryOf = a.inventoryOf
	return a.main(ctx, args)
}

// on makes a machine of hosttest this machine.
func (s *docHost) on(host string) {
	s.t.Helper()
	h, err := hosttest.Named(host)
	if err != nil {
		s.t.Fatal(err)
	}
	s.machine = "machine-" + host
	s.must(os.RemoveAll(filepath.Join(s.dir, s.machine)))
	s.must(os.MkdirAll(filepath.Join(s.dir, s.machine), 0o755))
	s.must(h.WriteTo(filepath.Join(s.dir, s.machine)))
}

func (s *docHost) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *docHost) write(name, text string) {
	s.t.Helper()
	s.must(os.MkdirAll(filepath.Dir(filepath.Join(s.dir, name)), 0o755))
	s.must(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

// copy takes a file of the repository, whose path begins at its root.
func (s *docHost) copy(name, from string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, from))
	s.must(err)
	s.write(name, string(text))
}

// repository is the root of the checkout, from anywhere: tests change their folder.
var repository = func() string {
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return dir
}()

// script takes files out of one of the scripts.
func (s *docHost) script(script string, names ...string) {
	s.t.Helper()
	a, err := txtar.ParseFile(filepath.Join(repository, "cmd/gpuaudit/testdata/script", script))
	s.must(err)
	for _, name := range names {
		i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
		if i < 0 {
			s.t.Fatalf("%s has no file %s", script, name)
		}
		s.write(name, string(a.Files[i].Data))
	}
}

// keys makes NAME.key and NAME.pub: Ed25519, or P-256 where that is asked for.
func (s *docHost) keys(kind string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		var key crypto.Signer
		var err error
		if kind == "p256" {
			key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		} else {
			_, key, err = ed25519.GenerateKey(rand.Reader)
		}
		s.must(err)
		private, err := x509.MarshalPKCS8PrivateKey(key)
		s.must(err)
		public, err := x509.MarshalPKIXPublicKey(key.Public())
		s.must(err)
		s.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
		s.write(name+".pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	}
}

// trust writes a trust file with entries "NAME KIND", whose keys are in NAME.pub.
func (s *docHost) trust(file string, entries ...string) {
	text := "version: 1\nkeys:\n"
	for _, e := range entries {
		name, kind, _ := strings.Cut(e, " ")
		text += fmt.Sprintf("  - name: %s\n    kind: %s\n    pci_vendors: [\"1002\"]\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2028-01-01T00:00:00Z\n    public_key_file: %[1]s.pub\n", name, kind)
	}
	s.write(file, text)
}

// run runs a command line of gpuaudit that prepares something: it has to succeed.
func (s *docHost) run(line string) {
	s.t.Helper()
	var out bytes.Buffer
	args, err := s.here(strings.Fields(line))
	s.must(err)
	if code := inProcess(s.t.Context(), args, strings.NewReader(""), &out, &out, s.now, s.env); code != 0 {
		s.t.Fatalf("prepare: gpuaudit %s: exit code %d: %s", line, code, out.String())
	}
}

// here is a command line as it is run here: this machine is the docHost's, its ROM is
// read without being enabled, and channels are kept in the docHost.
func (s *docHost) here(args []string) ([]string, error) {
	cmd, _, err := (&app{}).rootCommand().Find(args)
	if err != nil {
		return nil, err
	}
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	list := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--read-rom" || a == "--channels" })
	if verb := cmd.Name(); (verb == "scan" || verb == "capture") && !has("--root") && !has("--capture") {
		list = append(list, "--root", s.machine)
	}
	if strings.HasPrefix(cmd.CommandPath(), "gpuaudit baseline") && !has("--root") {
		list = s.baseline(cmd, list, has("--from"))
	}
	if (has("--channels") || strings.HasPrefix(cmd.CommandPath(), "gpuaudit channel ")) && cmd.Flag("state") != nil && !has("--state") {
		list = append(list, "--state", "state")
	}
	return list, nil
}

// baseline is a command line about a baseline of this machine, which a page leaves in
// /etc.
func (s *docHost) baseline(cmd *cobra.Command, list []string, from bool) []string {
	if !from {
		list = append(list, "--root", s.machine)
	}
	if err := cmd.ParseFlags(list); err != nil {
		s.t.Fatal(err)
	}
	if at := len(strings.Fields(cmd.CommandPath())) - 1; len(cmd.Flags().Args()) == at {
		list = append(list, "etc")
	}
	return list
}

// pipe runs the programs of a pipeline one behind the other. It returns what they print
// that a person would see, and the exit code of gpuaudit, where it is one of them.
func (s *docHost) pipe(parts []part) (shown string, code int, err error) {
	var input []byte
	var seen bytes.Buffer
	for i, p := range parts {
		var out bytes.Buffer
		stdout := io.Writer(&seen)
		if i < len(parts)-1 || p.stdout != "" {
			stdout = &out
		}
		if p.stdin != "" {
			if input, err = os.ReadFile(p.stdin); err != nil {
				return "", 0, err
			}
		}
		if p.words[0] == "gpuaudit" {
			code, err = s.own(p, bytes.NewReader(input), stdout, &seen)
		} else {
			err = s.foreign(p, bytes.NewReader(input), stdout)
		}
		if err != nil {
			return seen.String(), code, err
		}
		if p.stdout != "" {
			if err := os.WriteFile(p.stdout, out.Bytes(), 0o600); err != nil {
				return "", 0, err
			}
		}
		input = out.Bytes()
	}
	return seen.String(), code, nil
}

// own runs gpuaudit.
func (s *docHost) own(p part, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	args, err := s.here(p.matched(s.dir)[1:])
	if err != nil {
		return 0, err
	}
	if p.third != "" {
		fd, err := syscall.Open(p.third, syscall.O_RDONLY, 0)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.third, err)
		}
		args[slices.Index(args, "--passphrase-fd")+1] = strconv.Itoa(fd) // gpuaudit closes it
	}
	return inProcess(s.t.Context(), args, stdin, stdout, stderr, s.now, s.env), nil
}

// foreign runs a program of others.
func (s *docHost) foreign(p part, stdin io.Reader, stdout io.Writer) error {
	words := p.matched(s.dir)
	return s.start(exec.CommandContext(s.t.Context(), words[0], words[1:]...), stdin, stdout, strings.Join(words, " "))
}

// shell runs a line that is more than programs and pipes.
func (s *docHost) shell(line string) (string, error) {
	var out bytes.Buffer
	err := s.start(exec.CommandContext(s.t.Context(), "sh", "-c", line), strings.NewReader(""), &out, line)
	return out.String(), err
}

func (s *docHost) start(cmd *exec.Cmd, stdin io.Reader, stdout io.Writer, line string) error {
	var errs bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.dir, stdin, stdout, &errs
	cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+s.dir)
	err := cmd.Run()
	if filepath.Base(cmd.Path) == "cosign" { // among its warnings it says there what it did
		for line := range strings.Lines(errs.String()) {
			if strings.HasPrefix(line, "Verified OK") || strings.HasPrefix(line, "Wrote bundle") {
				_, _ = io.WriteString(stdout, line)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, errs.String())
	}
	return nil
}

// copyROM writes the ROM of the good card.
func (s *docHost) copyROM(name string) { s.write(name, string(hosttest.GoodROM())) }
