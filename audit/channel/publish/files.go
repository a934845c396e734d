package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

var versionPattern = lazyregexp.New(`^([1-9][0-9]{0,17})\.([a-z]+)\.json$`)

// newestOf reads the newest published file of a role, nil where there is none.
func (w *Workspace) newestOf(role string) ([]byte, int64, error) {
	if role == metadata.TIMESTAMP {
		b, err := w.read(publicFile(role, 0))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, nil
		}
		var head struct {
			Signed struct {
				Version int64 `json:"version"`
			} `json:"signed"`
		}
		if err == nil {
			err = json.Unmarshal(b, &head)
		}
		return b, head.Signed.Version, err
	}
	entries, err := fs.ReadDir(w.files, publicName)
	if err != nil {
		return nil, 0, err
	}
	last := int64(0)
	for _, e := range entries {
		if found := versionPattern.FindStringSubmatch(e.Name()); found != nil && found[2] == role {
			n, _ := strconv.ParseInt(found[1], 10, 64) // the pattern bounds it
			last = max(last, n)
		}
	}
	if last == 0 {
		return nil, 0, nil
	}
	b, err := w.read(publicFile(role, last))
	return b, last, err
}

// publicFile is where a role is published (section 6.2: consistent snapshots).
func publicFile(role string, version int64) string {
	if role == metadata.TIMESTAMP {
		return publicName + "/timestamp.json"
	}
	return fmt.Sprintf("%s/%d.%s.json", publicName, version, role)
}

// newest decodes the newest published metadata of a role into m; nil where there
// is none.
func newest[T metadata.Roles](w *Workspace, role string, m *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	b, _, err := w.newestOf(role)
	if b == nil || err != nil {
		return nil, err
	}
	return decode(role, b, m)
}

// draft decodes the draft of a role into m; nil where there is none.
func draft[T metadata.Roles](w *Workspace, role string, m *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	b, err := w.read(draftName + "/" + role + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(role, b, m)
}

func decode[T metadata.Roles](role string, b []byte, m *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	if err := channel.CheckForm(role+".json", role, b); err != nil {
		return nil, err
	}
	return m.FromBytes(b)
}

func putDraft[T metadata.Roles](w *Workspace, role string, m *metadata.Metadata[T]) error {
	b, err := m.ToBytes(false)
	if err != nil {
		return err
	}
	return w.write(draftName+"/"+role+".json", b)
}

func (w *Workspace) read(name string) ([]byte, error) {
	f, err := w.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return channel.Read(f, name, fileLimit)
}

var errLooked = errors.New("the folder was opened to look at it")

// folder makes a folder that is not there yet, as is that of data in a workspace of
// before.
func (w *Workspace) folder(name string) error {
	if w.root == nil {
		return errLooked
	}
	if err := w.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// write puts a file whole in the place of another.
func (w *Workspace) write(name string, b []byte) error {
	if w.root == nil {
		return errLooked
	}
	next := name + replacing
	if err := outfile.Put(w.root, next, b, 0o644); err != nil {
		return err
	}
	return w.root.Rename(next, name)
}
