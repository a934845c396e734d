package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// These benchmarks run the shipped program beside others, in turn, and give the processor
// time of both and their ratio: what else the machine does weighs the same on both sides.
// docs/performance.md says how to run them, and what they gave.

// spent is what a turn took: processor time, and the peak of a process in KiB.
type spent struct {
	cpu  time.Duration
	peak int64
}

// turnOf is a turn of a command line. Its exit code may say anything but wrong usage.
func turnOf(b *testing.B, stdin string, argv ...string) func() spent {
	return func() spent {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdin = strings.NewReader(stdin)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() == exitUsage) {
			b.Fatalf("%v: %v: %s", argv, err, errs.String())
		}
		return spent{cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime(), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}
	}
}

// here is a turn in this process, which does nothing else.
func here(work func()) func() spent {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // of oneself it does not fail
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return func() spent {
		begun := used()
		work()
		return spent{cpu: used() - begun}
	}
}

// both is one turn after the other.
func both(turns ...func() spent) func() spent {
	return func() (all spent) {
		for _, turn := range turns {
			one := turn()
			all.cpu, all.peak = all.cpu+one.cpu, max(all.peak, one.peak)
		}
		return all
	}
}

// beside runs ours and a peer's in turn; peer may be nil. n is how many things a turn is
// about.
func beside(b *testing.B, n int, ours, peer func() spent) {
	b.Helper()
	var we, they spent
	for b.Loop() {
		one := ours()
		we.cpu, we.peak = we.cpu+one.cpu, max(we.peak, one.peak)
		if peer != nil {
			they.cpu += peer().cpu
		}
	}
	each := float64(n * b.N)
	b.ReportMetric(we.cpu.Seconds()*1000/each, "cpu-ms/each")
	if we.peak > 0 {
		// A child's peak is never below what this process held when it was started.
		b.ReportMetric(float64(we.peak)/1024, "MiB-peak")
	}
	if peer != nil {
		b.ReportMetric(they.cpu.Seconds()*1000/each, "peer-cpu-ms/each")
		b.ReportMetric(float64(we.cpu)/float64(they.cpu), "of-peer")
	}
}

// peerNamed is another program: $NAME, or in PATH.
func peerNamed(b *testing.B, name string) string {
	b.Helper()
	path := name
	if given := os.Getenv(strings.ToUpper(name)); given != "" {
		path = given
	}
	path, err := exec.LookPath(path)
	if err != nil {
		b.Skipf("no %s here: set $%s", name, strings.ToUpper(name))
	}
	return path
}

// BenchmarkStart is the start of the program beside that of OPA and of conftest.
func BenchmarkStart(b *testing.B) {
	for name, args := range map[string][]string{"opa": {"version"}, "conftest": {"--version"}} {
		b.Run(name, func(b *testing.B) {
			peer := peerNamed(b, name)
			beside(b, 1, turnOf(b, "", builtProgram(b), "version"), turnOf(b, "", append([]string{peer}, args...)...))
		})
	}
}

// BenchmarkHost is a scan of this machine beside lspci and lshw.
func BenchmarkHost(b *testing.B) {
	lspci, lshw := peerNamed(b, "lspci"), peerNamed(b, "lshw")
	beside(b, 1, turnOf(b, "", builtProgram(b), "scan", "--quiet"), both(turnOf(b, "", lspci, "-vvv"), turnOf(b, "", lshw, "-quiet")))
}

// BenchmarkFirstLine is the clock until a scan says anything, of this machine and of eight
// cards, beside that of the whole of version: what else runs delays both.
func BenchmarkFirstLine(b *testing.B) {
	first := func(argv ...string) time.Duration {
		cmd := exec.Command(argv[0], argv[1:]...)
		out, err := cmd.StdoutPipe()
		noError(b, err)
		begun := time.Now()
		noError(b, cmd.Start())
		if _, err := out.Read(make([]byte, 1)); err != nil {
			b.Fatalf("%v says nothing: %v", argv, err)
		}
		took := time.Since(begun)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		return took
	}
	for name, args := range map[string][]string{"host": {"scan"}, "eight": {"scan", "--capture", manyCards(b, 8)}} {
		b.Run(name, func(b *testing.B) {
			var ours, version time.Duration
			for b.Loop() {
				ours += first(append([]string{builtProgram(b)}, args...)...)
				version += first(builtProgram(b), "version")
			}
			b.ReportMetric(ours.Seconds()*1000/float64(b.N), "ms-to-first")
			b.ReportMetric(float64(ours)/float64(version), "of-version")
		})
	}
}

// BenchmarkGrowth is a scan of machines of many cards, and policy check of as many stored
// reports of one card each, signed and not, for each card.
func BenchmarkGrowth(b *testing.B) {
	// The index of 4,096 such cards is more than a capture may hold.
	for _, n := range []int{1, 8, 64, 512, 2048} {
		b.Run(fmt.Sprintf("scan/%d", n), func(b *testing.B) {
			beside(b, n, turnOf(b, "", builtProgram(b), "scan", "--quiet", "--capture", manyCards(b, n)), nil)
		})
	}
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("check/%d", n), func(b *testing.B) {
			beside(b, n, turnOf(b, manyReports(b, n), builtProgram(b), "policy", "check", "-"), nil)
		})
	}
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("check-signed/%d", n), func(b *testing.B) {
			names, public := signedReports(b, n)
			beside(b, n, turnOf(b, names, builtProgram(b), "policy", "check", "--key", public, "-"), nil)
		})
	}
}

// signedReports signs as many reports, and lists their names.
func signedReports(b *testing.B, n int) (names, public string) {
	b.Helper()
	dir := b.TempDir()
	private, public := keysIn(b, dir)
	var list strings.Builder
	for i, name := range strings.Fields(manyReports(b, n)) {
		bundle := filepath.Join(dir, fmt.Sprintf("%d.sigstore.json", i))
		if code, said := runQuietly(b, "report", "sign", "--key", private, "--output", bundle, name); code != 0 {
			b.Fatalf("report sign: %d: %s", code, said)
		}
		list.WriteString(bundle + "\n")
	}
	return list.String(), public
}

// keysIn makes a pair of keys in a folder.
func keysIn(b *testing.B, dir string) (private, public string) {
	b.Helper()
	text, signer, err := seal.NewKey(nil)
	noError(b, err)
	pem, err := signer.PublicKeyPEM()
	noError(b, err)
	private, public = filepath.Join(dir, "k.key"), filepath.Join(dir, "k.pub")
	noError(b, os.WriteFile(private, text, 0o600))
	noError(b, os.WriteFile(public, pem, 0o600))
	return private, public
}

// BenchmarkSignedReport verifies the signed report of eight cards beside SHA-256 and P-256
// of the same bytes, which is the least that it can take.
func BenchmarkSignedReport(b *testing.B) {
	dir := b.TempDir()
	name, bundle := filepath.Join(dir, "r.json"), filepath.Join(dir, "b.json")
	private, public := keysIn(b, dir)
	runQuietly(b, "scan", "--quiet", "--capture", manyCards(b, 8), "-o", "json="+name)
	if code, said := runQuietly(b, "report", "sign", "--key", private, "--output", bundle, name); code != 0 {
		b.Fatalf("report sign: %d: %s", code, said)
	}
	text, err := os.ReadFile(bundle)
	noError(b, err)
	pem, err := os.ReadFile(public)
	noError(b, err)
	pub, err := seal.ParsePublicKey(pem)
	noError(b, err)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(b, err)
	sum := sha256.Sum256(text)
	sig, err := ecdsa.SignASN1(rand.Reader, own, sum[:])
	noError(b, err)
	bare := here(func() {
		sum := sha256.Sum256(text)
		if !ecdsa.VerifyASN1(&own.PublicKey, sum[:], sig) {
			b.Fatal("not verified")
		}
	})
	b.Run("verify", func(b *testing.B) {
		beside(b, 1, here(func() {
			_, err := signed.Verify(text, signed.Policy{Key: pub, Now: time.Now()})
			noError(b, err)
		}), bare)
	})
	b.Run("program", func(b *testing.B) {
		beside(b, 1, turnOf(b, "", builtProgram(b), "report", "verify", "--key", public, bundle), turnOf(b, "", builtProgram(b), "version"))
	})
}

// BenchmarkROMFiles inspects ROM files beside sha256sum over the same.
func BenchmarkROMFiles(b *testing.B) {
	peer := peerNamed(b, "sha256sum")
	rom := hosttest.GoodROM()
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			var names []string
			for i := range n {
				name := filepath.Join(dir, fmt.Sprintf("%05d.rom", i))
				// Another unit's ROM: what follows the images differs.
				noError(b, os.WriteFile(name, fmt.Appendf(bytes.Clone(rom), "%08d", i), 0o600))
				names = append(names, name)
			}
			beside(b, n, turnOf(b, "", builtProgram(b), "firmware", "inspect", dir), turnOf(b, "", append([]string{peer}, names...)...))
		})
	}
}
