package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ways are the questions that a machine's tree answers.
var ways = map[string]func(fs.FS, string) (string, error){
	"read": func(f fs.FS, name string) (string, error) { b, err := fs.ReadFile(f, name); return string(b), err },
	"look": func(f fs.FS, name string) (string, error) { i, err := fs.Stat(f, name); return told(i), err },
	"link": fs.ReadLink,
	"list": func(f fs.FS, name string) (string, error) {
		list, err := fs.ReadDir(f, name)
		var s strings.Builder
		for _, e := range list {
			s.WriteString(fs.FormatDirEntry(e) + "\n")
		}
		return s.String(), err
	},
}

func fetching(m fs.FS, way string, names []string) fs.FS {
	far := m.(machineFS)
	switch way {
	case "read":
		return far.Ahead(names, nil, nil, nil)
	case "link":
		return far.Ahead(nil, names, nil, nil)
	case "list":
		return far.Ahead(nil, nil, names, nil)
	}
	return far.Ahead(nil, nil, nil, names)
}

// TestAheadIsTheSame: what is fetched in one message is what each question gets alone: of
// what may be asked and of what may not, of what is there and of what is not.
func TestAheadIsTheSame(t *testing.T) {
	dir := layOut(t)
	for i := range 20 { // together more than goes in a message
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("sys/much", i)), make([]byte, 4<<10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{".", "sys", "sys/link", "sys/link/vendor", "sys/link/none", "sys/devices/card/vendor", "sys/devices/card/vendor/below", "large", "out", "sys/out", "sys/up",
		"absolute", "chain", "chain/vendor", "null", "inside", "nowhere", "loop", "fifo", "etc", "etc/shadow", "none", "..", "/etc", "", "sys/../large", strings.Repeat("n", 300), strings.Repeat("n/", 2000) + "n"}
	for i := range 20 {
		names = append(names, fmt.Sprint("sys/much", i))
	}
	for _, paths := range [][]string{{"."}, {"sys"}, nil} {
		c, _ := serve(t, nil, Rights{Machine: &Machine{Root: dir, Paths: paths}}, DefaultLimits())
		for way, ask := range ways {
			near := fetching(c.Machine(), way, names)
			if len(near.(machineFS).fetched.answers) == 0 {
				t.Errorf("%v: nothing was fetched to %s", paths, way)
			}
			for _, name := range names {
				want, wantErr := ask(c.Machine(), name)
				got, gotErr := ask(near, name)
				if got != want || reason(gotErr) != reason(wantErr) {
					t.Errorf("%v: %s %.40q: %.80q %v, want %.80q %v", paths, way, name, got, gotErr, want, wantErr)
				}
			}
		}
	}
}

// TestAheadIsOneMessage, and what it brought is given once: who asks again learns what is
// there then.
func TestAheadIsOneMessage(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for i := range maxAsks {
		names = append(names, fmt.Sprint(i))
		if err := os.WriteFile(filepath.Join(dir, names[i]), []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _ := serve(t, nil, Rights{Machine: &Machine{Root: dir, Paths: []string{"."}}}, DefaultLimits())
	near := fetching(c.Machine(), "read", names)
	for round, want := range []string{"before", "after"} {
		for _, name := range names {
			if b, err := fs.ReadFile(near, name); err != nil || string(b) != want {
				t.Fatalf("%s: %q, %v, want %q", name, b, err, want)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte("after"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if messages := 1 + round*maxAsks; int(c.next) != messages {
			t.Errorf("%d messages, want %d", c.next, messages)
		}
	}
}

// TestAheadCounts: questions in one message count as so many requests.
func TestAheadCounts(t *testing.T) {
	limits := DefaultLimits()
	limits.Requests = 10
	c, done := serve(t, nil, Rights{Machine: &Machine{Root: t.TempDir(), Paths: []string{"."}}}, limits)
	fetching(c.Machine(), "look", strings.Split(strings.Repeat("a ", limits.Requests), " "))
	if err := <-done; !errors.Is(err, ErrProtocol) {
		t.Errorf("%v", err)
	}
}
