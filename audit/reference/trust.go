package reference

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Caps on a trust file and on what it names.
const (
	trustLimit = 1 << 20
	maxBeside  = 4096
)

// Trust is a trust file as it was given, with the files that it names.
type Trust struct {
	*input.File
	// Beside are the files of its folder that it names, Unread those of them that could
	// not be read, with the reason.
	Beside input.Folder
	Unread map[string]string
	// Root is a sigstore trusted root that takes the place of the file's own; nil for
	// none.
	Root *input.File
}

// ReadTrust reads a trust file, the files that it names in its folder, and the trusted
// root that is named beside it; nil where no trust file is named.
func ReadTrust(name, root string) (*Trust, error) {
	if name == "" {
		return nil, nil
	}
	f, err := input.Read(name, trustLimit)
	if err != nil {
		return nil, fmt.Errorf("--trust: %w", err)
	}
	t := &Trust{File: f, Beside: input.Folder{}, Unread: map[string]string{}}
	if t.Root, err = input.Optional(root, seal.RootLimit); err != nil {
		return nil, fmt.Errorf("--trusted-root: %w", err)
	}
	names := manifest.NamedFiles(f.Data)
	if len(names) == 0 {
		return t, nil
	}
	folder, closer, err := input.OpenFolder(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("--trust: %w", err)
	}
	defer closer.Close()
	for _, beside := range names[:min(len(names), maxBeside)] {
		t.readBeside(folder, beside)
	}
	return t, nil
}

// readBeside reads a file that the trust file names. Why one cannot be read is for
// whoever parses the trust file to say, with its line.
func (t *Trust) readBeside(folder fs.FS, name string) {
	text, err := manifest.ReadNamed(folder, name)
	if err == nil {
		t.Beside[name] = text
		return
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	t.Unread[name] = err.Error()
}

// SHA256 is the digest of the trust file, of the files that it names, and of the root
// in the place of its own.
func (t *Trust) SHA256() string {
	all := t.File.SHA256()
	if len(t.Beside) > 0 {
		all += t.Beside.SHA256()
	}
	if t.Root != nil {
		all += t.Root.SHA256()
	}
	if all == t.File.SHA256() {
		return all
	}
	return input.SHA256([]byte(all))
}

// Parse reads the trust file.
func (t *Trust) Parse() (*manifest.Trust, error) {
	trust, err := manifest.ParseTrust(t.Data, besideFS{t})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	if t.Root == nil {
		return trust, nil
	}
	root, err := ParseRoot(t.Root)
	if err != nil {
		return nil, err
	}
	if trust, err = trust.Believing(root); err != nil {
		return nil, fmt.Errorf("--trusted-root %s: %s: %w", t.Root.Name, t.Name, err)
	}
	return trust, nil
}

// ParseRoot reads a sigstore trusted root; nil is the one that the program carries.
func ParseRoot(f *input.File) (*seal.Root, error) {
	if f == nil {
		return seal.PublicGood()
	}
	root, err := seal.ParseRoot(f.Data)
	if err != nil {
		return nil, fmt.Errorf("--trusted-root %s: %w", f.Name, err)
	}
	return root, nil
}

// besideFS is the folder of a trust file, as far as it was read.
type besideFS struct{ *Trust }

func (b besideFS) Open(name string) (fs.File, error) {
	if why, ok := b.Unread[name]; ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New(why)}
	}
	return b.Beside.FS().Open(name)
}
