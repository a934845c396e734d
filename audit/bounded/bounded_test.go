package bounded_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

func TestRead(t *testing.T) {
	if b, err := bounded.Read(strings.NewReader("abcd"), 4); err != nil || string(b) != "abcd" {
		t.Errorf("as long as the limit: %q, %v", b, err)
	}
	if b, err := bounded.Read(strings.NewReader("abcde"), 4); !errors.Is(err, bounded.ErrLimit) || b != nil {
		t.Errorf("longer than the limit: %q, %v", b, err)
	}
	broken := io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(fs.ErrPermission))
	if b, err := bounded.Read(broken, 4); !errors.Is(err, fs.ErrPermission) || b != nil {
		t.Errorf("broken off: %q, %v", b, err)
	}
}

// file is a reader that says how large it is.
type file struct {
	io.Reader
	size int64
}

func (f file) Stat() (fs.FileInfo, error) {
	return fstest.MapFS{"a": {Data: make([]byte, f.size)}}.Stat("a")
}

// TestSize: a file may be shorter or longer than it says.
func TestSize(t *testing.T) {
	for _, tc := range []struct {
		text string
		size int64
		want string
		err  error
	}{
		{"abcd", 4, "abcd", nil}, {"abc", 4, "abc", nil}, {"", 4, "", nil}, {"abcd", 2, "abcd", nil}, {"abcd", 0, "abcd", nil},
		{"abcd", 100, "abcd", nil}, {"abcdef", 2, "", bounded.ErrLimit}, {"abcdef", 5, "", bounded.ErrLimit}, {"abcde", 5, "abcde", nil},
	} {
		b, err := bounded.Read(file{strings.NewReader(tc.text), tc.size}, 5)
		if string(b) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%q of size %d: %q, %v", tc.text, tc.size, b, err)
		}
	}
	if b, err := bounded.Read(file{io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(io.ErrUnexpectedEOF)), 4}, 5); !errors.Is(err, io.ErrUnexpectedEOF) || b != nil {
		t.Errorf("cut off: %q, %v", b, err)
	}
	long := strings.Repeat("0123456789", 20_000)
	for _, n := range []int64{0, 1000, 65536, 65537, 199_999, 200_000, 200_001, 300_000} {
		if b, err := bounded.Read(file{strings.NewReader(long), n}, 1<<20); string(b) != long || err != nil {
			t.Errorf("200000 bytes of size %d: %d, %v", n, len(b), err)
		}
	}
	if b, err := bounded.Read(file{io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(fs.ErrPermission)), 4}, 5); !errors.Is(err, fs.ErrPermission) || b != nil {
		t.Errorf("broken off: %q, %v", b, err)
	}
}

// TestReadInto: memory that held another file holds this one, whatever size it says.
func TestReadInto(t *testing.T) {
	for _, room := range []int{0, 1, 4, 100} {
		for _, says := range []int64{-1, 0, 2, 4, 8} {
			b := []byte(strings.Repeat("x", room))
			var r io.Reader = strings.NewReader("abcd")
			if says >= 0 {
				r = file{r, says}
			}
			got, err := bounded.ReadInto(b, r, 10)
			if err != nil || string(got) != "abcd" {
				t.Errorf("room for %d, %d stated: %q, %v", room, says, got, err)
			}
			if says == 4 && room >= 4 && &got[0] != &b[0] {
				t.Errorf("room for %d is not used", room)
			}
		}
	}
}

// hinting is a reader that has a guess, and must not be asked what it is.
type hinting struct {
	io.Reader
	hint int64
}

func (h hinting) SizeHint() int64            { return h.hint }
func (h hinting) Stat() (fs.FileInfo, error) { panic("asked what it is") }

// TestHint: a guess makes room, whatever it is worth.
func TestHint(t *testing.T) {
	for _, hint := range []int64{-1, 0, 2, 4, 5, 100} {
		if b, err := bounded.Read(hinting{strings.NewReader("abcd"), hint}, 5); string(b) != "abcd" || err != nil {
			t.Errorf("%d: %q, %v", hint, b, err)
		}
	}
}
