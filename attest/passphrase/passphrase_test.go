package passphrase_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
)

// descriptor is the reading end of a pipe that holds a text.
func descriptor(t *testing.T, text string) int {
	t.Helper()
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(ends[1]), "writer")
	go func() {
		defer w.Close()
		_, _ = w.WriteString(text)
	}()
	return ends[0]
}

func TestRead(t *testing.T) {
	env := func(string) (string, bool) { return "from the environment", true }
	noEnv := func(string) (string, bool) { return "", false }
	said := func(s string, err error) func(string) ([]byte, error) {
		return func(prompt string) ([]byte, error) {
			if !strings.Contains(prompt, "lab.key") {
				t.Errorf("the prompt is %q", prompt)
			}
			return []byte(s), err
		}
	}
	broken := errors.New("the line is cut")
	for _, tc := range []struct {
		name   string
		source passphrase.Source
		want   string
		err    error
	}{
		{"descriptor first", passphrase.Source{FD: descriptor(t, "secret\n"), LookupEnv: env}, "secret", nil},
		{"only one line feed is taken off", passphrase.Source{FD: descriptor(t, "a b \n\n")}, "a b \n", nil},
		{"descriptor without an end of line", passphrase.Source{FD: descriptor(t, "x")}, "x", nil},
		{"empty descriptor", passphrase.Source{FD: descriptor(t, "")}, "", nil},
		{"descriptor that is not open", passphrase.Source{FD: 9999, LookupEnv: env}, "", syscall.EBADF},
		{"environment before the terminal", passphrase.Source{FD: -1, LookupEnv: env, Ask: said("typed", nil)}, "from the environment", nil},
		{"empty on purpose", passphrase.Source{FD: -1, LookupEnv: func(string) (string, bool) { return "", true }}, "", nil},
		{"terminal", passphrase.Source{FD: -1, LookupEnv: noEnv, Ask: said("typed", nil)}, "typed", nil},
		{"no terminal", passphrase.Source{FD: -1, LookupEnv: noEnv, Ask: said("", passphrase.ErrNone)}, "", passphrase.ErrNone},
		{"terminal that fails", passphrase.Source{FD: -1, Ask: said("", broken)}, "", broken},
		{"nobody to ask", passphrase.Source{FD: -1, LookupEnv: noEnv}, "", passphrase.ErrNone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.source.Flag, tc.source.Env = "--passphrase-fd", "SECRET"
			got, err := tc.source.Read("lab.key")
			if string(got) != tc.want || !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("%q, %v", got, err)
			}
			if errors.Is(err, passphrase.ErrNone) && !strings.Contains(err.Error(), "set SECRET or give --passphrase-fd") {
				t.Errorf("error is %v", err)
			}
		})
	}
	long := passphrase.Source{FD: descriptor(t, strings.Repeat("x", 65<<10)), Flag: "--passphrase-fd"}
	if _, err := long.Read("lab.key"); err == nil || !strings.Contains(err.Error(), "longer") {
		t.Errorf("error is %v", err)
	}
}
