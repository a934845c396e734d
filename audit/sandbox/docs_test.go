package sandbox

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
)

var update = flag.Bool("update", false, "write the list of calls in docs/threat-model.md anew")

const page = "../../docs/threat-model.md"

// TestCallsInDocs: the page shows the list of calls that judges are held to, all of it.
func TestCallsInDocs(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- calls: made by go test ./audit/sandbox -run TestCallsInDocs -update -->\n", "<!-- end of calls -->\n"
	before, rest, ok := strings.Cut(string(text), from)
	_, after, also := strings.Cut(rest, to)
	if !ok || !also {
		t.Fatalf("%s has no place for the calls", page)
	}
	want := before + from + callTable() + to + after
	switch {
	case want == string(text):
	case *update:
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the list of calls is another one: run this test with -update")
	}
	// Nothing is allowed that the table does not show.
	for _, goarch := range []string{"amd64", "arm64"} {
		group := policy(goarch, true, 1).Syscalls[0]
		names := group.Names
		for _, c := range group.NamesWithCondtions {
			names = append(names, c.Name)
		}
		for _, name := range names {
			if group.Action != seccomp.ActionAllow || !strings.Contains(callTable(), "`"+name+"`") {
				t.Errorf("%s of %s is not shown", name, goarch)
			}
		}
	}
}

func callTable() string {
	var b strings.Builder
	b.WriteString("\n| calls | what they are for |\n| --- | --- |\n")
	row := func(names []string, what string) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(names, "`, `"), what)
	}
	for _, n := range append(append([]need(nil), needs...), pathCalls) {
		row(n.calls, n.what)
	}
	row([]string{"newfstatat", "fstatat"}, "the same: one call, by its name on amd64 and on arm64")
	row([]string{"mmap"}, "memory, of which nothing may be run")
	row([]string{"clone"}, "threads: no process, and no namespace")
	row([]string{"tgkill", "kill"}, "a signal to itself")
	row([]string{"fcntl"}, "`F_DUPFD_CLOEXEC`, `F_GETFD`, `F_SETFD`, `F_GETFL`, `F_SETFL`")
	row([]string{"prctl"}, "`PR_GET_SECCOMP`, `PR_GET_NO_NEW_PRIVS`, and names for its memory")
	b.WriteString("\n")
	return b.String()
}
