// Package state keeps the channels of a machine: the last verified state of
// each, and the versions below which nothing is accepted again.
//
//	lock                          held while something is written
//	register.json                 every channel, with its minimum versions
//	places                        where somebody said that channels come from
//	channels/NAME/channel.json    which generation counts, and since when
//	channels/NAME/gen-7/          a whole repository: roots, metadata, manifests
//	channels/NAME/roots/          newer roots, of updates that were refused
//
// A new state is built in a generation of its own, and comes into force by the
// renaming of channel.json. Whenever the writing is cut off, the old state is
// there, whole. The register repeats the minimum versions, so that a deleted or
// exchanged channel is noticed and comes back no older than it was.
package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// Failures that a caller tells apart.
var (
	ErrNoChannel = errors.New("no such channel")
	// ErrDamaged: the state is not what was written.
	ErrDamaged = errors.New("the kept state is damaged")
	// ErrRoot: the first root is needed, or another one was given.
	ErrRoot = errors.New("the first root")
	// ErrLocked: another process is writing.
	ErrLocked = errors.New("another update is running")
	// ErrPermissions: others may write the state.
	ErrPermissions = errors.New("the state is not safe from others")
	// ErrNoFolder: there is nothing where the state should be, or a file.
	ErrNoFolder = errors.New("the state is a folder that channel update or channel import makes")
)

const (
	registerName   = "register.json"
	lockName       = "lock"
	replacing      = ".new" // ends the name of a file that will take another one's place
	channelsName   = "channels"
	pointerName    = "channel.json"
	firstRootName  = "first.root.json"
	registerFormat = "gpuaudit.channels/v1"
	pointerFormat  = "gpuaudit.channel/v1"
	pointerLimit   = 1 << 20
)

// PlacesName is the file of the places that somebody named to subscribe to, one on each
// line. A process without rights, which keeps the rest of the state, does not write it:
// what it could make of [Pointer.From] leads nowhere else.
const (
	PlacesName  = "places"
	placesLimit = 1 << 20
)

// Places are the places that somebody named.
func (d *Dir) Places() ([]string, error) {
	if err := d.mine(PlacesName); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	text, err := channel.Directory{FS: d.files}.Get(context.Background(), PlacesName, placesLimit)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

// Remember notes a place that somebody named.
func Remember(dir, place string) error {
	d, err := Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	known, err := d.Places()
	if err != nil || slices.Contains(known, quoted(place)) {
		return err
	}
	text := strings.Join(append(known, quoted(place)), "\n") + "\n"
	return outfile.Write(filepath.Join(dir, PlacesName), 0o644, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
}

// Named says that a place is one of those that somebody named.
func Named(places []string, place string) bool { return slices.Contains(places, quoted(place)) }

// quoted writes a place as one word.
func quoted(place string) string { return url.PathEscape(place) }

// InFolder are the names of all that an update makes of a state directory, while it is
// changed, too.
func InFolder() []string {
	return []string{registerName, registerName + replacing, channelsName, lockName}
}

// Dir is a state directory.
type Dir struct {
	path string
	// files is the directory to read from; links in it do not lead out of it.
	files fs.FS
	close io.Closer
	disk  disk
}

// Create opens a state directory to change it, and makes it if it is not there.
func Create(dir string) (*Dir, error) {
	info, err := input.Stat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: this is a file", ErrNoFolder)
	}
	folder, err := outfile.OpenFolder(dir, outfile.Made)
	if err == nil && made {
		err = folder.Chmod(".", 0o755) // what is in it is no secret
	}
	return changing(dir, folder, err)
}

// Change opens a state directory that is there to change it.
func Change(dir string) (*Dir, error) {
	folder, err := outfile.OpenFolder(dir, outfile.There)
	return changing(dir, folder, err)
}

func changing(dir string, folder outfile.Folder, err error) (*Dir, error) {
	if err != nil {
		return nil, err
	}
	return opened(&Dir{path: dir, files: folder.FS(), close: folder, disk: disk{folder: folder}})
}

// Open opens a state directory to read it.
func Open(dir string) (*Dir, error) {
	switch info, err := input.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrNoFolder, fs.ErrNotExist)
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("%w: this is a file", ErrNoFolder)
	}
	files, closer, err := input.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return opened(&Dir{path: dir, files: files, close: closer})
}

func opened(d *Dir) (*Dir, error) {
	if err := d.mine("."); err != nil {
		d.close.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the directory.
func (d *Dir) Close() error { return d.close.Close() }

// Path is where the directory is.
func (d *Dir) Path() string { return d.path }

// From is where a channel is updated from, "" where it comes in archives only.
func (d *Dir) From(name string) (string, error) {
	p, err := d.pointer(name, false)
	if err != nil {
		return "", err
	}
	return p.From, nil
}

// Pointer says which generation of a channel counts.
type Pointer struct {
	Format string `json:"format"`
	// From is the URL or directory that it is updated from, "" where it comes in
	// archives only.
	From       string          `json:"from,omitempty"`
	Generation int             `json:"generation"`
	FirstRoot  string          `json:"first_root_sha256"`
	Minimum    channel.Minimum `json:"minimum"`
	// Checked is when the state was last verified to be the newest.
	Checked time.Time `json:"checked"`
}

// entry is what the register knows of a channel.
type entry struct {
	FirstRoot string          `json:"first_root_sha256"`
	Minimum   channel.Minimum `json:"minimum"`
	Checked   time.Time       `json:"checked"`
}

// seen is what the register knows from updates that were refused.
type seen struct {
	FirstRoot string          `json:"first_root_sha256"`
	Minimum   channel.Minimum `json:"minimum"`
}

type register struct {
	Format   string           `json:"format"`
	Channels map[string]entry `json:"channels"`
	// Refused is what refused updates have verified, newer than what is kept.
	Refused map[string]seen `json:"refused,omitempty"`
}

// Channel is a channel as it was kept.
type Channel struct {
	Name string
	Pointer
	*channel.Verified
}

var namePattern = lazyregexp.New(`^[a-z0-9][a-z0-9.-]{0,62}$`)

// ValidName says whether a channel can be called so.
func ValidName(name string) bool { return namePattern.MatchString(name) }

// Names are the channels that there are or should be.
func (d *Dir) Names() ([]string, error) {
	reg, err := d.register()
	if err != nil {
		return nil, err
	}
	names := slices.Collect(maps.Keys(reg.Channels))
	entries, err := fs.ReadDir(d.files, channelsName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join(channelsName, e.Name(), pointerName)
		if _, err := fs.Lstat(d.files, name); err == nil && ValidName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Load reads a channel and verifies all of it again, from the first root on.
// Whether it has expired is for the caller to say.
func (d *Dir) Load(ctx context.Context, name string) (*Channel, error) {
	reg, err := d.register()
	if err != nil {
		return nil, err
	}
	registered := reg.Channels[name]
	p, err := d.pointer(name, registered.FirstRoot != "")
	for err == nil {
		v, _, failed := d.open(ctx, name, p, registered.Minimum)
		if failed == nil {
			return &Channel{Name: name, Pointer: *p, Verified: v}, nil
		}
		// Two updates may have come in between, and taken the generation away.
		read := p.Generation
		if p, err = d.pointer(name, true); err == nil && p.Generation == read {
			err = failed
		}
	}
	return nil, err
}

// open verifies the generation that a pointer names.
func (d *Dir) open(ctx context.Context, name string, p *Pointer, registered channel.Minimum) (*channel.Verified, []byte, error) {
	dir := generation(name, p.Generation)
	for _, part := range []string{channelsName, path.Dir(dir), dir} {
		if err := d.mine(part); err != nil {
			return nil, nil, err
		}
	}
	if err := d.mineBelow(dir); err != nil {
		return nil, nil, err
	}
	files, err := fs.Sub(d.files, dir)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	src := channel.Directory{FS: files}
	root, err := src.Get(ctx, firstRootName, pointerLimit)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if sum(root) != p.FirstRoot {
		return nil, nil, fmt.Errorf("%w: %s is not the root that was given", ErrDamaged, firstRootName)
	}
	v, err := channel.Open(ctx, src, root, p.Minimum)
	if err == nil {
		err = registered.Check(v)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return v, root, nil
}

func (d *Dir) register() (*register, error) {
	r := &register{Format: registerFormat, Channels: map[string]entry{}}
	err := d.decode(registerName, r)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case errors.Is(err, ErrPermissions):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w; if you know why, remove the file: each channel has its versions, too", err)
	case r.Format != registerFormat || r.Channels == nil:
		return nil, fmt.Errorf("%w: %s has format %.40q", ErrDamaged, registerName, r.Format)
	}
	first := map[string]string{}
	for name, e := range r.Refused {
		first[name] = e.FirstRoot
	}
	for name, e := range r.Channels {
		first[name] = e.FirstRoot
	}
	for name, root := range first {
		if !ValidName(name) || root == "" {
			return nil, fmt.Errorf("%w: %s lists a channel %.80q without a root", ErrDamaged, registerName, name)
		}
	}
	return r, nil
}

// pointer reads which generation counts. That it is missing is damage where the
// register knows the channel.
func (d *Dir) pointer(name string, registered bool) (*Pointer, error) {
	if !ValidName(name) {
		return nil, fmt.Errorf("%w: %.80q is no name of one (letters a to z, digits, dots, hyphens)", ErrNoChannel, name)
	}
	p := &Pointer{}
	err := d.decode(path.Join(channelsName, name, pointerName), p)
	switch {
	case errors.Is(err, fs.ErrNotExist) && registered:
		return nil, fmt.Errorf("%w: the register knows channel %s, and what was kept of it is gone", ErrDamaged, name)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w in %s: %s", ErrNoChannel, d.path, name)
	case err != nil:
		return nil, err
	case p.Format != pointerFormat || p.Generation < 1:
		return nil, fmt.Errorf("%w: %s of channel %s has format %.40q and generation %d", ErrDamaged, pointerName, name, p.Format, p.Generation)
	}
	return p, nil
}

func (d *Dir) decode(name string, v any) error {
	if err := d.mine(name); err != nil {
		return err
	}
	b, err := channel.Directory{FS: d.files}.Get(context.Background(), name, pointerLimit)
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(b, pointerLimit, v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
	}
	return nil
}

// mineBelow asks the same of everything in a directory.
func (d *Dir) mineBelow(dir string) error {
	return fs.WalkDir(d.files, dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return d.mine(name)
	})
}

// mine refuses a directory or a file that somebody else may write: what is in it
// would be verified against a root, or held against versions, that the same person
// could exchange.
func (d *Dir) mine(name string) error {
	info, err := fs.Stat(d.files, name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	full := filepath.Join(d.path, filepath.FromSlash(name))
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%w: everybody in a group, or everybody, may write %s: chmod go-w it", ErrPermissions, full)
	}
	switch owner, ok := info.Sys().(*syscall.Stat_t); {
	case !ok:
		return fmt.Errorf("%w: nobody knows whose %s is", ErrPermissions, full)
	case owner.Uid != 0 && int(owner.Uid) != input.User():
		return fmt.Errorf("%w: %s belongs to user %d, who is neither root nor you", ErrPermissions, full, owner.Uid)
	}
	return nil
}

func generation(name string, n int) string {
	return path.Join(channelsName, name, fmt.Sprintf("gen-%d", n))
}

func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

func encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
