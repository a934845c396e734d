package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

const oddNow = "2026-11-24T00:00:00Z"

// oddFile is a stored file as people and programs make them, and what every verb that
// reads one has to say.
type oddFile struct {
	name    string
	content []byte
	// plain is what is wrong with it where nobody said whom to believe, trusted where
	// somebody did; "" for nothing.
	plain, trusted string
	// unread: the file cannot be read at all, so that it is no question of signatures.
	// large: nobody knows what it would say.
	unread, large bool
}

// code is the exit code for what is wrong with a file, where signed is what it has to be.
func (f *oddFile) code(signed bool) int {
	switch {
	case f.large:
		return exitIncomplete
	case signed && !f.unread:
		return exitSignature
	}
	return exitUsage
}

const noSignature = "carries no signature, and one was asked for"

// TestOddFiles: whether a file is a report, a signed report or a capture, and what is
// wrong with one, is the same in the eyes of every verb.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	files := oddFiles(t)
	for _, f := range files {
		if f.content != nil {
			fileOf(t, f.name, f.content)
		}
	}
	noError(t, os.Mkdir("folder", 0o755))
	large := fileOf(t, "large.json", []byte(`{"schema":`))
	noError(t, os.Truncate(large, 65<<20))

	for _, f := range files {
		plain, signed := f.code(false), f.code(true)
		for _, v := range []struct {
			args []string
			want string
			code int
		}{
			{[]string{"report", "show", f.name}, f.plain, plain},
			{[]string{"report", "diff", f.name, f.name}, f.plain, plain},
			{[]string{"report", "show", "--key", "k.pub", "--now", oddNow, f.name}, f.trusted, signed},
			{[]string{"report", "diff", "--key", "k.pub", "--now", oddNow, f.name, f.name}, f.trusted, signed},
			{[]string{"report", "verify", "--key", "k.pub", "--now", oddNow, f.name}, f.trusted, signed},
			{[]string{"report", "sign", "--key", "k.key", "--output", "o.json", f.name}, signable(f), plain},
			{[]string{"report", "statement", "--output", "o.json", f.name}, signable(f), plain},
		} {
			code, said := runHere(t, v.args...)
			if v.want == "" && code != 0 || v.want != "" && (code != v.code || !strings.Contains(said, f.name+": "+v.want)) {
				t.Errorf("gpuaudit %s: exit code %d, says %q; want %q", strings.Join(v.args, " "), code, said, v.want)
			}
		}
	}
	checkOdd(t, files, false, "policy", "check", "--now", oddNow)
	checkOdd(t, files, true, "policy", "check", "--now", oddNow, "--key", "k.pub")
}

func signable(f oddFile) string {
	if f.plain == "" && f.trusted == "" {
		return "it is signed already"
	}
	return f.plain
}

// checkOdd judges all files at once, and looks at the line of each.
func checkOdd(t *testing.T, files []oddFile, trusted bool, args ...string) {
	t.Helper()
	for _, f := range files {
		args = append(args, f.name)
	}
	_, said := runHere(t, args...)
	lines := strings.Split(said, "\n")
	for i, f := range files {
		var line fleet.Line
		noError(t, json.Unmarshal([]byte(lines[i]), &line))
		want, code := f.plain, f.code(trusted)
		if trusted {
			want = f.trusted
		}
		if strings.Contains(want, "this is a capture") {
			want, code = "", 0 // policy check judges captures
		}
		switch {
		case line.Input != f.name:
			t.Errorf("line %d is about %s, want %s", i, line.Input, f.name)
		case want == "" && (line.ExitCode != 0 || len(line.Devices) != 1):
			t.Errorf("%v %s: %s", args[:2], f.name, lines[i])
		case want != "" && (line.ExitCode != code || !strings.Contains(line.Reasons[0], f.name+": "+want)):
			t.Errorf("%v %s: exit code %d, %q; want %d, %q", args[:2], f.name, line.ExitCode, line.Reasons, code, want)
		}
	}
}

// oddFiles makes the files in the working directory.
func oddFiles(t *testing.T) []oddFile {
	h, err := hosttest.Named("good")
	noError(t, err)
	noError(t, os.Mkdir("root", 0o755))
	noError(t, h.WriteTo("root"))
	pairOfKeys(t)
	for _, args := range [][]string{
		{"scan", "--quiet", "--root", "root", "--now", oddNow, "-o", "json=r.json", "-o", "bundle=b.json", "--sign-key", "k.key"},
		{"capture", "--quiet", "--root", "root", "--now", oddNow, "--output", "c.tar.gz"},
		{"report", "statement", "--output", "s.json", "r.json"},
		{"report", "sign", "--key", "k.key", "--output", "again.json", "--summary", "summary.json", "r.json"},
	} {
		if code, said := runHere(t, args...); code != 0 {
			t.Fatalf("gpuaudit %s: exit code %d: %s", strings.Join(args, " "), code, said)
		}
	}
	r, b, c, s, summary := contentOf(t, "r.json"), contentOf(t, "b.json"), contentOf(t, "c.tar.gz"), contentOf(t, "s.json"), contentOf(t, "summary.json")
	const (
		noReport  = "no report of this version of gpuaudit: "
		malformed = "malformed bundle: "
		unsigned  = "the report " + noSignature
		other     = "neither a report nor a capture: "
		none      = "neither a report nor a capture, and it " + noSignature + ": "
		archive   = "this is a capture and no report"
	)
	return []oddFile{
		{name: "report.json", content: r, trusted: unsigned},
		{name: "report-reordered.json", content: reordered(t, r, "verdict"), trusted: unsigned},
		{name: "report-spaced.json", content: append([]byte("\r\n\t "), r...), trusted: unsigned},
		{name: "report-cut.json", content: r[:len(r)/2], plain: noReport, trusted: unsigned},
		{name: "report-more.json", content: append(bytes.Clone(r), " {}"...), plain: noReport, trusted: unsigned},
		{name: "report-unknown-field.json", content: bytes.Replace(r, []byte(`{`), []byte(`{"override": true,`), 1), plain: noReport, trusted: unsigned},
		{name: "report-mark.json", content: append([]byte("\xef\xbb\xbf"), r...), plain: other + "it begins with a byte order mark", trusted: none},
		{name: "report-utf16.json", content: wide(r), plain: other + "it is UTF-16", trusted: none},
		{name: "bundle.json", content: b},
		{name: "bundle-envelope-first.json", content: reordered(t, b, "dsseEnvelope")},
		{name: "bundle-material-first.json", content: reordered(t, b, "verificationMaterial")},
		{name: "bundle-spaced.json", content: append([]byte("\n\n  "), bytes.Replace(b, []byte(","), []byte(" ,\n"), 1)...)},
		{name: "bundle-cut.json", content: b[:len(b)/2], plain: malformed, trusted: malformed},
		{name: "bundle-large.json", content: append(bytes.Clone(b), bytes.Repeat([]byte(" "), 17<<20)...), plain: malformed, trusted: malformed},
		{name: "bundle-unknown-field.json", content: bytes.Replace(b, []byte(`{`), []byte(`{"dsseEnvelope2": 1,`), 1), plain: noReport, trusted: unsigned},
		{name: "both.json", content: bytes.Replace(b, []byte(`{`), []byte(`{"schema":"gpuaudit.report/v1",`), 1), plain: noReport, trusted: unsigned},
		{name: "both-other-way.json", content: bytes.Replace(r, []byte(`{`), []byte(`{"mediaType":"",`), 1), plain: malformed, trusted: malformed},
		{name: "statement.json", content: s, plain: other + "it is a statement that is yet to be signed", trusted: none},
		{name: "summary.json", content: summary, plain: "the statement is of another type", trusted: "the statement is of another type"},
		{name: "capture.tar.gz", content: c, plain: archive, trusted: "a capture " + noSignature},
		{name: "empty.json", content: []byte{}, plain: other + "the file is empty", trusted: none},
		{name: "object.json", content: []byte("{}"), plain: noReport, trusted: unsigned},
		{name: "list.json", content: []byte("[]"), plain: other + "it is neither JSON", trusted: none},
		{name: "text.json", content: []byte("this is no report\n"), plain: other + "it is neither JSON", trusted: none},
		{name: "folder", plain: "is a directory", trusted: "is a directory", unread: true},
		{name: "large.json", plain: "larger than 67108864 bytes", trusted: "larger than 67108864 bytes", large: true},
		{name: "missing.json", plain: "no such file or directory", trusted: "no such file or directory", unread: true},
	}
}

// TestStoredPipes: what can be read once only is read once, by every verb.
func TestStoredPipes(t *testing.T) {
	t.Chdir(t.TempDir())
	oddFiles(t)
	for _, tt := range []struct {
		file string
		args []string
		code int
		want string
	}{
		{"r.json", []string{"report", "show", "fifo"}, 0, "verdict  passed"},
		{"r.json", []string{"report", "diff", "r.json", "fifo"}, 0, "nothing changed"},
		{"b.json", []string{"report", "verify", "--key", "k.pub", "--now", oddNow, "fifo"}, 0, "verified  fifo"},
		{"r.json", []string{"report", "sign", "--key", "k.key", "--output", "o.json", "fifo"}, 0, ""},
		{"r.json", []string{"policy", "check", "--now", oddNow, "fifo"}, 0, `{"input":"fifo","status":"passed"`},
		{"c.tar.gz", []string{"policy", "check", "--now", oddNow, "b.json", "fifo"}, 0, `{"input":"fifo","status":"passed"`},
		{"s.json", []string{"policy", "check", "--now", oddNow, "b.json", "fifo"}, 2, `yet to be signed`},
	} {
		noError(t, syscall.Mkfifo("fifo", 0o600))
		text := contentOf(t, tt.file)
		done := make(chan error, 1)
		go func() {
			f, err := os.OpenFile("fifo", os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write(text)
				f.Close()
			}
			done <- err
		}()
		code, said := runHere(t, tt.args...)
		if err := <-done; err != nil && tt.code == 0 {
			t.Error(err)
		}
		if code != tt.code || !strings.Contains(said, tt.want) {
			t.Errorf("gpuaudit %s < %s: exit code %d, says %q", strings.Join(tt.args, " "), tt.file, code, said)
		}
		noError(t, os.Remove("fifo"))
	}
}

// runHere runs a command line in this process: the exit code, and all that it says.
func runHere(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, unconfined: true, own: ownInTests,
		Getenv: func(string) string { return "" }, LookupEnv: func(string) (string, bool) { return "", false }}
	a.InventoryOf = a.inventoryOf
	return a.main(t.Context(), args), out.String()
}

// pairOfKeys makes k.key and k.pub.
func pairOfKeys(t *testing.T) {
	t.Helper()
	private, signer, err := seal.NewKey(nil)
	noError(t, err)
	public, err := signer.PublicKeyPEM()
	noError(t, err)
	fileOf(t, "k.key", private)
	fileOf(t, "k.pub", public)
}

// reordered is a JSON object with one of its members in front.
func reordered(t *testing.T, text []byte, first string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	noError(t, json.Unmarshal(text, &members))
	front := members[first]
	delete(members, first)
	rest, err := json.Marshal(members)
	noError(t, err)
	return append([]byte("{"+strconv.Quote(first)+":"+string(front)+","), rest[1:]...)
}

func wide(text []byte) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(text))) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contentOf(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	noError(t, err)
	return b
}

func fileOf(t *testing.T, name string, b []byte) string {
	t.Helper()
	noError(t, os.WriteFile(filepath.Clean(name), b, 0o600))
	return name
}
