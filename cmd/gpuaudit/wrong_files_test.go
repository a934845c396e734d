package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

// wrong are what can stand where a file, a folder or an output belongs. A link to
// itself cannot be opened by anybody, root included.
var wrong = map[string][]string{
	"@": {"missing.x", "looped.x", "folder.x", "socket.x", "fifo.x", "empty.x", "text.x", "picture.x", "noise.x", "huge.x"},
	"%": {"text.x", "missing.x"},
	"^": {"none/o.x", "folder.x"},
}

// unopened are those that cannot be read, whatever belongs there: nobody listens at the
// socket, and nobody writes to the FIFO.
var unopened = []string{"missing.x", "looped.x", "folder.x", "socket.x", "fifo.x"}

// endless are rows that are tried with a file that never ends, too: one for each way in
// which files are read.
var endless = []string{"scan --capture @", "scan --capture c.tar.gz --witness @", "scan --capture c.tar.gz --trust @", "policy check @", "report show @", "firmware inspect @", "manifest verify @ --key k.pub"}

// wrongCode is the exit code of a row with a wrong file. This is the whole table
// (docs/exit-codes.md says it in words):
//
//   - plain: another file than the one that belongs there is wrong usage.
//   - signed: a signature was asked for, and what could be read carries none.
//   - recorded: what was recorded of a machine, and may be damaged as well as wrong.
//   - late: it comes after something else that is wrong in this row, such as the TPM.
//   - digested: any file will do, it is the digest that counts.
//   - kept: any file is taken as it is, with a word about it.
//   - fresh: a file that is not there is made.
//   - makes: a folder that is not there is made.
//   - folder: a file where a folder belongs. output: a place that cannot be written.
func wrongCode(class, line, file string) (code int, names bool) {
	if class == "makes" && file == "missing.x" {
		return 0, false
	}
	if class == "late" {
		return exitUsage, false
	}
	if slices.Contains(unopened, file) || class == "folder" || class == "makes" || class == "output" {
		return exitUsage, class != "fresh" || file != "missing.x"
	}
	switch class {
	case "signed":
		return exitSignature, true
	case "recorded":
		return exitIncomplete, true
	case "digested":
		if strings.HasPrefix(line, "attest verify") {
			return exitSignature, false
		}
		return exitUsage, false // for the TPM, which is none
	case "kept":
		if strings.HasPrefix(line, "attest tpm") {
			return exitUsage, false // for the TPM, which is none
		}
		return 0, false
	}
	return exitUsage, true
}

// wrongRows has a line for each file that a verb takes, marked with @ for a file that
// is read, % for a folder and ^ for what is written.
const wrongRows = `
plain     attest answer @ --output o --tpm none
late      attest answer challenge.json --tpm none --output ^
signed    attest challenge @ --nonce NONCE --output o --secret p
plain     attest challenge e.json --nonce NONCE --output o --secret p --ek-chain @
plain     attest challenge e.json --nonce NONCE --output o --secret p --ek-roots @
output    attest challenge e.json --nonce NONCE --unsafe-any-tpm --output ^ --secret p
output    attest challenge e.json --nonce NONCE --unsafe-any-tpm --output o --secret ^
plain     attest collateral pack --rim @ --key k.key --output o
plain     attest collateral pack --ocsp @ --key k.key --output o
plain     attest collateral pack --device-roots @ --key k.key --output o
plain     attest collateral pack --rim-roots @ --key k.key --output o
plain     attest collateral pack --key @ --output o
output    attest collateral pack --key k.key --output ^
plain     attest enrol @ --secret secret.json --output o
plain     attest enrol text.x --secret @ --output o
late      attest enrol text.x --secret secret.json --output ^
output    attest gpu --nonce NONCE --output ^
plain     attest tpm --nonce NONCE --output o --tpm @
plain     attest tpm --nonce NONCE --output o --tpm none --ek-chain @
kept      attest tpm --nonce NONCE --output o --tpm none --event-log @
digested  attest tpm --nonce NONCE --output o --tpm none --report @
late      attest tpm --nonce NONCE --tpm none --output ^
signed    attest verify @ --nonce NONCE
plain     attest verify e.json --nonce NONCE --capture @
plain     attest verify e.json --nonce NONCE --ek-chain @
plain     attest verify e.json --nonce NONCE --ek-roots @
plain     attest verify e.json --nonce NONCE --enrolled @
digested  attest verify e.json --nonce NONCE --report @
plain     attest verify gpu.hex --nonce NONCE --chain @
plain     attest verify gpu.hex --nonce NONCE --device-roots @
plain     attest verify gpu.hex --nonce NONCE --rim-roots @
plain     attest verify gpu.hex --nonce NONCE --rim @
plain     attest verify gpu.hex --nonce NONCE --ocsp @
plain     attest verify gpu.hex --nonce NONCE --collateral @ --collateral-key k.pub
plain     attest verify gpu.hex --nonce NONCE --collateral c.tar.gz --collateral-key @
late      attest verify gpu.hex --nonce NONCE --chain text.x --ear ^
late      attest verify gpu.hex --nonce NONCE --chain text.x --claims ^
makes     baseline % --root root --key base.key --no-passphrase
folder    baseline add % --root root --key base.key
plain     baseline add trusted --from @ --key base.key
plain     baseline add trusted --root root --key base.key --rim @
plain     baseline add trusted --root root --key base.key --ocsp @
plain     baseline add trusted --root root --key base.key --device-roots @
plain     baseline add trusted --root root --key base.key --rim-roots @
plain     baseline add trusted --root root --key base.key --collateral @ --collateral-key k.pub
plain     baseline add trusted --root root --key base.key --collateral c.tar.gz --collateral-key @
plain     baseline add trusted --root root --key base.key --nvml @
plain     baseline add trusted --root root --key base.key --pack @
plain     baseline add trusted --root root --tpm=@ --no-passphrase
fresh     baseline add trusted --root root --key @
recorded  baseline add trusted --root root --key base.key --witness @
folder    baseline add trusted --root % --key base.key
folder    baseline diff % --root root
plain     baseline diff trusted --from @
plain     baseline diff trusted --root root --rim @
plain     baseline diff trusted --root root --ocsp @
plain     baseline diff trusted --root root --device-roots @
plain     baseline diff trusted --root root --rim-roots @
plain     baseline diff trusted --root root --collateral @ --collateral-key k.pub
plain     baseline diff trusted --root root --collateral c.tar.gz --collateral-key @
plain     baseline diff trusted --root root --nvml @
recorded  baseline diff trusted --root root --witness @
folder    baseline diff trusted --root %
plain     baseline new --from @ --key base.key
plain     baseline new --root root --key base.key --rim @
plain     baseline new --root root --key base.key --ocsp @
plain     baseline new --root root --key base.key --device-roots @
plain     baseline new --root root --key base.key --rim-roots @
plain     baseline new --root root --key base.key --collateral @ --collateral-key k.pub
plain     baseline new --root root --key base.key --collateral c.tar.gz --collateral-key @
plain     baseline new --root root --key base.key --nvml @
plain     baseline new --root root --key base.key --pack @
plain     baseline new --root root --tpm=@ --no-passphrase
fresh     baseline new --root root --key @
recorded  baseline new --root root --key base.key --witness @
folder    baseline new --root % --key base.key
folder    baseline renew % --root root --key base.key
plain     baseline renew trusted --from @ --key base.key
plain     baseline renew trusted --root root --key base.key --rim @
plain     baseline renew trusted --root root --key base.key --ocsp @
plain     baseline renew trusted --root root --key base.key --device-roots @
plain     baseline renew trusted --root root --key base.key --rim-roots @
plain     baseline renew trusted --root root --key base.key --collateral @ --collateral-key k.pub
plain     baseline renew trusted --root root --key base.key --collateral c.tar.gz --collateral-key @
plain     baseline renew trusted --root root --key base.key --nvml @
plain     baseline renew trusted --root root --key base.key --pack @
plain     baseline renew trusted --root root --tpm=@ --no-passphrase
fresh     baseline renew trusted --root root --key @
recorded  baseline renew trusted --root root --key base.key --witness @
folder    baseline renew trusted --root % --key base.key
plain     capture --output o --capture @
plain     capture --output o --root root --nvml @
plain     capture --output o --attest tpm --nonce NONCE --tpm none --ek-chain @
kept      capture --output o --root root --flash 0000:03:00.0=@
kept      capture --output o --root root --rom 0000:03:00.0=@
folder    capture --output o --root %
output    capture --root root --output ^
plain     catalogue sign @ --key k.key --output o
plain     catalogue sign cat.json --key @ --output o
output    catalogue sign cat.json --key k.key --output ^
signed    catalogue verify @ --trust k.trust
plain     catalogue verify cat.bundle --trust @
plain     catalogue verify cat.bundle --trust k.trust --trusted-root @
plain     channel advisories @ --output o --map Example=module:x
plain     channel advisories osv.json --map mtgpu=module:mtgpu --output o --base @
output    channel advisories osv.json --map mtgpu=module:mtgpu --output ^
output    channel export --name x --state state --output ^
folder    channel export --output o --name x --state %
folder    channel forget x --state %
signed    channel import @ --name x --root root.json --state st
plain     channel import ch.tar --name x --root @ --state st
makes     channel import ch.tar --name x --root root.json --state %
plain     channel status --catalogue cat.bundle --trust @ --state state
plain     channel status --catalogue cat.bundle --trust k.trust --trusted-root @ --state state
signed    channel status --catalogue @ --trust k.trust --state state
folder    channel status --state %
plain     channel update --channel pub/public --root @ --state st
folder    channel update --channel % --root root.json --state st
late      channel update --state %
plain     doctor --capture @
folder    doctor --root %
plain     doctor --root root --nvml @
kept      doctor --root root --flash 0000:03:00.0=@
kept      doctor --root root --rom 0000:03:00.0=@
recorded  firmware diff @ card.rom
recorded  firmware diff card.rom @
recorded  firmware extract @ --output od
output    firmware extract card.rom --output ^
recorded  firmware inspect @
late      key create --no-passphrase --tpm none --output ^ --public p
late      key create --no-passphrase --tpm none --output o --public ^
plain     key create --output o --public p --no-passphrase --tpm @
plain     key public @
output    key public k.key --output ^
makes     man %
plain     manifest create --from-capture @ --name n --output o
plain     manifest create --from-capture c.tar.gz --name n --output o --rim @
plain     manifest create --from-capture c.tar.gz --name n --output o --ocsp @
plain     manifest create --from-capture c.tar.gz --name n --output o --device-roots @
plain     manifest create --from-capture c.tar.gz --name n --output o --rim-roots @
plain     manifest create --from-capture c.tar.gz --name n --output o --collateral @ --collateral-key k.pub
plain     manifest create --from-capture c.tar.gz --name n --output o --collateral c.tar.gz --collateral-key @
output    manifest create --from-capture c.tar.gz --name n --output ^
plain     manifest diff @ m.json
plain     manifest diff m.bundle m.json --key @
plain     manifest diff m.bundle m.json --trust @
plain     manifest diff m.bundle m.json --trust k.trust --trusted-root @
plain     manifest diff m.json @
plain     manifest import @ --format corim --as option-rom --pci 10de:2684 --name n --output o
plain     manifest import @ --format ocp-safe --as option-rom --pci 10de:2684 --name n --output o
plain     manifest import @ --format cyclonedx --as runtime --pci 10de:2684 --name n --output o
plain     manifest import @ --format lvfs --pci 10de:2684 --name n --output o
plain     manifest import @ --format debian --module amdgpu --pci 10de:2684 --name n --output o
plain     manifest import @ --format linux-firmware --driver amdgpu --pci 10de:2684 --name n --output o
plain     manifest import corim.cbor --format corim --as option-rom --pci 10de:2684 --name n --output o --key @
output    manifest import corim.cbor --format corim --as option-rom --pci 10de:2684 --name n --output ^
plain     manifest import text.x --format lvfs --pci 10de:2684 --name n --output o --ca @
plain     manifest import text.x --format debian --module amdgpu --pci 10de:2684 --name n --output o --in-release text.x --packages text.x --keyring @
late      manifest import text.x --format debian --module amdgpu --pci 10de:2684 --name n --output o --in-release @ --packages text.x --keyring text.x
late      manifest import text.x --format debian --module amdgpu --pci 10de:2684 --name n --output o --in-release text.x --packages @ --keyring text.x
late      manifest import text.x --format linux-firmware --driver amdgpu --pci 10de:2684 --name n --output o --signature @ --keyring text.x
plain     manifest inspect @
plain     manifest inspect m.bundle --key @
plain     manifest inspect m.bundle --trust @
plain     manifest inspect m.bundle --trust k.trust --trusted-root @
signed    manifest publish add pub @
folder    manifest publish add % m.bundle
folder    manifest publish archive % --output o
output    manifest publish archive pub --output ^
plain     manifest publish init new --key root=@ --key targets=k.pub --key online=k.pub
makes     manifest publish init % --key root=k.pub --key targets=k.pub --key online=k.pub
folder    manifest publish refresh %
plain     manifest publish rotate pub --key root=@
plain     manifest publish rotate pub --drop root=@
folder    manifest publish rotate % --key root=k.pub
plain     manifest publish sign pub --key @
folder    manifest publish sign % --key k.key
folder    manifest publish status %
plain     manifest sign @ --key k.key --output o
plain     manifest sign m.json --key @ --output o
output    manifest sign m.json --key k.key --output ^
signed    manifest verify @ --key k.pub
plain     manifest verify m.bundle --key @
plain     manifest verify m.bundle --trust @
plain     manifest verify m.bundle --trust k.trust --trusted-root @
folder    policy bundle % --output o
plain     policy bundle mine --output o --key @
output    policy bundle mine --output ^
signed    policy check --key k.pub @
plain     policy check @
plain     policy check c.tar.gz --rim @
plain     policy check c.tar.gz --ocsp @
plain     policy check c.tar.gz --device-roots @
plain     policy check c.tar.gz --rim-roots @
plain     policy check c.tar.gz --collateral @ --collateral-key k.pub
plain     policy check c.tar.gz --collateral c.tar.gz --collateral-key @
plain     policy check c.tar.gz --ek-chain @
plain     policy check c.tar.gz --ek-roots @
plain     policy check c.tar.gz --nvml @
plain     policy check c.tar.gz --pack @
plain     policy check c.tar.gz --policy @ --policy-key k.pub
plain     policy check c.tar.gz --policy pol.tar.gz --policy-key @
plain     policy check c.tar.gz --purchase @
plain     policy check c.tar.gz --waivers @
plain     policy check c.tar.gz --waivers w.yaml --waivers-key @
signed    policy check c.tar.gz --evidence @
signed    policy check c.tar.gz --manifests @ --trust k.trust
recorded  policy check c.tar.gz --flash 0000:03:00.0=@
recorded  policy check c.tar.gz --rom 0000:03:00.0=@
recorded  policy check c.tar.gz --witness @
output    policy check c.tar.gz -o sarif=^
plain     policy check r.json --key @
plain     policy check r.json --trust @
plain     policy check r.json --trust k.trust --trusted-root @
signed    policy check r.json --catalogue @ --trust k.trust
folder    policy check r.json --trust k.trust --state %
plain     policy explain GA-BD-001 --pack @
plain     policy explain GA-BD-001 --policy @ --policy-key k.pub
plain     policy explain GA-BD-001 --policy pol.tar.gz --policy-key @
plain     policy lint --policy @
plain     policy list --pack @
plain     policy list --policy @ --policy-key k.pub
plain     policy list --policy pol.tar.gz --policy-key @
makes     policy new ACME-BD-009 --policy % --title T --severity low
plain     policy pack show @
plain     policy show GA-BD-001 --pack @
plain     policy show GA-BD-001 --policy @ --policy-key k.pub
plain     policy show GA-BD-001 --policy pol.tar.gz --policy-key @
plain     policy test --policy @
plain     report convert @ -o sarif
plain     report convert b.json -o sarif --key @
plain     report convert b.json -o sarif --trust @
plain     report convert b.json -o sarif --trust k.trust --trusted-root @
output    report convert r.json -o sarif=^
plain     report diff @ r.json
plain     report diff b.json b.json --key @
plain     report diff b.json b.json --trust @
plain     report diff b.json b.json --trust k.trust --trusted-root @
plain     report diff r.json @
folder    report diff r.json --channel-data law --state %
plain     report show @
plain     report show b.json --key @
plain     report show b.json --trust @
plain     report show b.json --trust k.trust --trusted-root @
output    report show r.json -o json=^
plain     report sign @ --key k.key --output o
plain     report sign r.json --key @ --output o
output    report sign r.json --key k.key --output ^
output    report sign r.json --key k.key --output o --summary ^
plain     report statement @ --output o
output    report statement r.json --output ^
signed    report verify @ --key k.pub
plain     report verify b.json --key @
plain     report verify b.json --trust @
plain     report verify b.json --trust k.trust --trusted-root @
plain     report verify b.json --key k.pub --recheck @
plain     report verify b.json --key k.pub --recheck c.tar.gz --manifest-trust @
plain     report verify b.json --key k.pub --recheck c.tar.gz --rim @
plain     report verify b.json --key k.pub --recheck c.tar.gz --ocsp @
plain     report verify b.json --key k.pub --recheck c.tar.gz --device-roots @
plain     report verify b.json --key k.pub --recheck c.tar.gz --rim-roots @
plain     report verify b.json --key k.pub --recheck c.tar.gz --collateral @ --collateral-key k.pub
plain     report verify b.json --key k.pub --recheck c.tar.gz --collateral c.tar.gz --collateral-key @
plain     report verify b.json --key k.pub --recheck c.tar.gz --ek-chain @
plain     report verify b.json --key k.pub --recheck c.tar.gz --ek-roots @
plain     report verify b.json --key k.pub --recheck c.tar.gz --enrolled @
plain     report verify b.json --key k.pub --recheck c.tar.gz --nvml @
plain     report verify b.json --key k.pub --recheck c.tar.gz --pack @
plain     report verify b.json --key k.pub --recheck c.tar.gz --policy @ --policy-key k.pub
plain     report verify b.json --key k.pub --recheck c.tar.gz --policy pol.tar.gz --policy-key @
plain     report verify b.json --key k.pub --recheck c.tar.gz --flash 0000:03:00.0=@
plain     report verify b.json --key k.pub --recheck c.tar.gz --rom 0000:03:00.0=@
plain     report verify b.json --key k.pub --recheck c.tar.gz --waivers @
plain     report verify b.json --key k.pub --recheck c.tar.gz --waivers w.yaml --waivers-key @
plain     report verify b.json --key k.pub --recheck c.tar.gz --witness @
signed    report verify b.json --key k.pub --recheck c.tar.gz --catalogue @ --manifest-trust k.trust
plain     report verify b.json --key k.pub --recheck c.tar.gz --manifests @ --manifest-trust k.trust
plain     report verify b.json --key k.pub --recheck c.tar.gz --evidence @
folder    report verify b.json --key k.pub --recheck c.tar.gz --manifest-trust k.trust --state %
plain     scan --capture @
plain     scan --capture c.tar.gz --rim @
plain     scan --capture c.tar.gz --ocsp @
plain     scan --capture c.tar.gz --device-roots @
plain     scan --capture c.tar.gz --rim-roots @
plain     scan --capture c.tar.gz --collateral @ --collateral-key k.pub
plain     scan --capture c.tar.gz --collateral c.tar.gz --collateral-key @
plain     scan --capture c.tar.gz --ek-chain @
plain     scan --capture c.tar.gz --ek-roots @
plain     scan --capture c.tar.gz --enrolled @
plain     scan --capture c.tar.gz --nvml @
plain     scan --capture c.tar.gz --pack @
plain     scan --capture c.tar.gz --policy @ --policy-key k.pub
plain     scan --capture c.tar.gz --policy pol.tar.gz --policy-key @
plain     scan --capture c.tar.gz --purchase @
plain     scan --capture c.tar.gz --sign-key @ -o bundle=o
plain     scan --capture c.tar.gz --trust @
plain     scan --capture c.tar.gz --trust k.trust --trusted-root @
plain     scan --capture c.tar.gz --waivers @
plain     scan --capture c.tar.gz --waivers w.yaml --waivers-key @
signed    scan --capture c.tar.gz --catalogue @ --trust k.trust
signed    scan --capture c.tar.gz --evidence @
signed    scan --capture c.tar.gz --manifests @ --trust k.trust
recorded  scan --capture c.tar.gz --flash 0000:03:00.0=@
recorded  scan --capture c.tar.gz --rom 0000:03:00.0=@
recorded  scan --capture c.tar.gz --witness @
folder    scan --capture c.tar.gz --trust k.trust --state %
folder    scan --root %
output    scan --root root -o json=^
plain     timestamp attach @ b.json --output o
plain     timestamp attach b.json @ --output o
late      timestamp attach b.json text.x --output ^
plain     timestamp request @ --output o
output    timestamp request b.json --output ^
plain     waivers sign @ --key k.key --output o
plain     waivers sign w.yaml --key @ --output o
output    waivers sign w.yaml --key k.key --output ^
plain     waivers verify @ --key k.pub
plain     waivers verify w.yaml --key @
plain     waivers verify w.yaml --trust @
plain     waivers verify w.yaml --key k.pub --pack @
plain     waivers verify w.yaml --trust k.trust --trusted-root @
`

// noFiles are flags whose value names no file; TestWrongFiles wants a row for every
// other one.
var noFiles = []string{
	"accept", "accept-difference", "accept-differing", "ak", "as", "attest", "days", "device", "driver", "engine", "explain", "fail-on", "lang", "unknown",
	"channel-data", "firmware", "fleet", "format", "jurisdiction", "leave-difference", "log-format", "map", "model", "module", "name", "nonce", "now", "origin",
	"pci", "policy-host", "policy-scope", "profile", "remove", "role", "severity", "signer", "sold-as", "threshold", "title", "vendor-name",
}

// notHere are flags that name a file and have no row in some verbs, and why.
var notHere = map[string]string{
	"tpm":     "a device: attest tpm, key create and baseline stand for it, since a key of a TPM cannot be made without one",
	"root":    "of channel import and channel update it is a file, of baseline with --from it is refused",
	"channel": "a URL or a folder",
}

// noArguments are arguments that name no file.
var noArguments = []string{"ID", "ID...", "NAME", "COMMAND..."}

// TestWrongFiles holds every verb to one table of exit codes and messages for files that
// are not there, cannot be read, or are something else, and finds a verb, an argument or
// a flag that is not in it.
func TestWrongFiles(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(wrongRows), "\n")
	covered := map[string]bool{}
	for _, row := range rows {
		covers(t, covered, strings.Fields(row)[1:])
	}
	tree := commandTree(t)
	eachCommand(tree, func(cmd *cobra.Command) { uncovered(t, covered, cmd) })

	rightFiles(t)
	makeWrong(t)
	left := filesHere(t)
	for _, row := range rows {
		class, line, _ := strings.Cut(row, " ")
		line = strings.TrimSpace(line)
		mark := line[strings.IndexAny(line, "@%^")]
		files := wrong[string(mark)]
		if slices.Contains(endless, line) {
			files = append(slices.Clone(files), "endless.x")
		}
		for _, file := range files {
			wrongRow(t, tree, class, line, file)
			for name := range filesHere(t) {
				if !left[name] {
					noError(t, os.RemoveAll(name))
				}
			}
		}
	}
}

var larger = regexp.MustCompile(`larger than|more values than`)

// gibberish is what a decoder says to programmers.
var gibberish = regexp.MustCompile(`!!|asn1:|invalid character|\b(pack|waive|purchase|manifest)\.[A-Z]|strconv|proto:|open .*: open |read .*: read `)

func wrongRow(t *testing.T, tree *cobra.Command, class, line, file string) {
	t.Helper()
	line = strings.Replace(line, line[strings.IndexAny(line, "@%^"):][:1], file, 1)
	line = strings.ReplaceAll(line, "NONCE", strings.Repeat("11", 32))
	args := strings.Fields(line)
	cmd, _, err := tree.Find(args)
	noError(t, err)
	if cmd.Flags().Lookup("now") != nil {
		args = append(args, "--now", cmp.Or(map[string]string{"attest": oddLater}[args[0]], oddNow))
	}
	code, said := runHere(t, args...)
	want, names := wrongCode(class, line, file)
	// Most kinds are told by their first bytes. What is told by its size is so for every verb.
	if (file == "huge.x" || file == "endless.x") && larger.MatchString(said) {
		want, names = exitIncomplete, true
	}
	if file == "socket.x" && strings.Contains(line, "--tpm") && strings.Contains(said, "connection refused") {
		want, names = exitIncomplete, false // it may be there, and does not answer
	}
	switch {
	case code != want:
		t.Errorf("gpuaudit %s: exit code %d, want %d: %.300s", line, code, want, said)
	case names && !strings.Contains(said, filepath.Base(file)) && !(class == "recorded" && (strings.Contains(said, "--rom 0000:03:00.0: no image") || strings.Contains(said, "--flash 0000:03:00.0: no image"))):
		t.Errorf("gpuaudit %s: does not name the file: %.300s", line, said)
	case gibberish.MatchString(said):
		t.Errorf("gpuaudit %s: speaks of its insides: %.300s", line, said)
	}
	last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
	if code == exitUsage && !strings.HasPrefix(last, "gpuaudit: ") && args[0] != "policy" {
		t.Errorf("gpuaudit %s: ends with %q", line, last)
	}
	if _, err := os.Lstat("o"); err == nil && code != 0 {
		t.Errorf("gpuaudit %s: leaves an output", line)
	}
}

// covers notes which argument or flag of which verb a row is about.
func covers(t *testing.T, covered map[string]bool, args []string) {
	t.Helper()
	cmd, rest, err := commandTree(t).Find(args)
	noError(t, err)
	noError(t, cmd.ParseFlags(rest))
	for i, arg := range cmd.Flags().Args() {
		if strings.ContainsAny(arg, "@%^") {
			covered[fmt.Sprintf("%s argument %d", cmd.CommandPath(), i+1)] = true
		}
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if strings.ContainsAny(f.Value.String(), "@%^") {
			covered[cmd.CommandPath()+" --"+f.Name] = true
		}
	})
}

// uncovered complains of the arguments and flags of a verb that could name a file and
// are in no row.
func uncovered(t *testing.T, covered map[string]bool, cmd *cobra.Command) {
	t.Helper()
	use, _, _ := strings.Cut(strings.NewReplacer("[", "", "]", "").Replace(cmd.Use), " --")
	words, n := strings.Fields(use)[1:], 0
	for _, word := range words {
		n++
		if key := fmt.Sprintf("%s argument %d", cmd.CommandPath(), n); !covered[key] && !slices.Contains(noArguments, word) {
			t.Errorf("%s (%s) is in no row", key, word)
		}
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		switch kind := f.Value.Type(); {
		case kind != "string" && kind != "stringArray" && kind != "stringSlice",
			f.Name == "output" && f.Shorthand == "o" && kind == "string", // a form
			slices.Contains(noFiles, f.Name), notHere[f.Name] != "", covered[cmd.CommandPath()+" --"+f.Name]:
		default:
			t.Errorf("%s --%s is in no row", cmd.CommandPath(), f.Name)
		}
	})
}

// filesHere are the names in the working directory.
func filesHere(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(".")
	noError(t, err)
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

// makeWrong makes the wrong files in the working directory.
func makeWrong(t *testing.T) {
	t.Helper()
	fileOf(t, "empty.x", nil)
	noError(t, os.Symlink("looped.x", "looped.x"))
	noError(t, os.Mkdir("folder.x", 0o755))
	fileOf(t, "text.x", []byte("this is a shopping list\n"))
	var b bytes.Buffer
	noError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
	fileOf(t, "picture.x", b.Bytes())
	random := make([]byte, 4096)
	_, err := rand.NewChaCha8([32]byte{19}).Read(random)
	noError(t, err)
	fileOf(t, "noise.x", random)
	fileOf(t, "huge.x", nil)
	noError(t, os.Truncate("huge.x", 8<<30))
	noError(t, os.Symlink("/dev/zero", "endless.x"))
	noError(t, unix.Mkfifo("fifo.x", 0o600))
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	noError(t, err)
	noError(t, unix.Bind(fd, &unix.SockaddrUnix{Name: "socket.x"}))
	noError(t, unix.Close(fd))
	input.Through(input.Waiting(10*time.Millisecond), os.Geteuid())
	t.Cleanup(func() { input.Through(input.OS(), os.Geteuid()) })
}

// oddLater is after the recorded certificates of TPMs begin.
const oddLater = "2026-12-01T00:00:00Z"

// rightFiles makes the files of the rows that are as they should be, in a working
// directory of its own.
func rightFiles(t *testing.T) {
	t.Helper()
	evidence := contentOf(t, "../../attest/tpm/testdata/good.json")
	corim := contentOf(t, "../../audit/manifest/importer/corim/testdata/veraison.cbor")
	osv := contentOf(t, "../../audit/advisory/testdata/module.osv.json")
	t.Chdir(t.TempDir())
	oddFiles(t)
	fileOf(t, "e.json", evidence)
	fileOf(t, "corim.cbor", corim)
	fileOf(t, "osv.json", osv)
	fileOf(t, "gpu.hex", []byte("11e000ff"+strings.Repeat("00", 64)+"\n"))
	fileOf(t, "k.trust", []byte(`version: 1
keys:
  - name: k
    kind: operator
    pci_vendors: ["1002"]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2027-01-01T00:00:00Z
    public_key_file: k.pub
`))
	fileOf(t, "w.yaml", []byte(`version: 1
waivers:
  - finding: GA-PR-001
    scope: {device: "0000:03:00.0"}
    reason: the maker publishes no manifests
    owner: k
    approver: k
    issued: 2026-11-01
    expires: 2026-12-31
`))
	fileOf(t, "cat.json", []byte(`{"name": "ours", "date": "2026-11-20", "accelerators": [{"vendor_id": "1002", "device_id": "73ff",
  "name": "Radeon RX 6600/6600 XT/6600M", "memory_mib": [8192, 16384], "id_confidence": "high", "source": "our lab"}]}`))
	rom, err := filepath.Glob("root/sys/devices/*/*/0000:03:00.0/rom")
	noError(t, err)
	fileOf(t, "card.rom", contentOf(t, rom[0]))
	noError(t, os.Mkdir("usb", 0o755))
	for _, line := range []string{
		"baseline trusted --root root --key usb/base.key --no-passphrase --now " + oddNow,
		"manifest create --from-capture c.tar.gz --name n --now " + oddNow + " --output m.json",
		"manifest sign m.json --key k.key --output m.bundle",
		"catalogue sign cat.json --key k.key --output cat.bundle",
		"waivers sign w.yaml --key k.key",
		"manifest publish init pub --key root=k.pub --key targets=k.pub --key online=k.pub --now " + oddNow,
		"manifest publish sign pub --key k.key --now " + oddNow,
		"manifest publish archive pub --output ch.tar --now " + oddNow,
		"channel import ch.tar --name x --root pub/public/1.root.json --state state --now " + oddNow,
		"policy new ACME-BD-001 --policy mine --title Bought --severity high",
		"policy bundle mine --output pol.tar.gz --key k.key",
		"attest challenge e.json --nonce " + strings.Repeat("11", 32) + " --output challenge.json --secret secret.json --unsafe-any-tpm --now " + oddLater,
	} {
		if code, said := runHere(t, strings.Fields(line)...); code != 0 {
			t.Fatalf("gpuaudit %s: exit code %d: %s", line, code, said)
		}
	}
	fileOf(t, "root.json", contentOf(t, "pub/public/1.root.json"))
	fileOf(t, "base.key", contentOf(t, "usb/base.key"))
}
