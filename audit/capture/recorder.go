package capture

import (
	"context"
	"crypto/sha256"
	"hash/maphash"
	"io/fs"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// What a Recorder holds at most. They are below [DefaultLimits], so that every
// capture can be read again.
const (
	maxRecordedFile  = 32 << 20
	maxRecordedBytes = 320 << 20
	maxRecordedHeld  = 64 << 20 // bytes that differ
	maxRecordedNames = 100_000
)

// Recorder remembers everything that collectors read, so that it can be
// written to a capture. It is safe for concurrent use.
type Recorder struct {
	env *collect.Env

	mu      sync.Mutex
	seen    map[string]target // what resolve learned
	files   map[string]*content
	lists   map[string]map[string]string
	stats   map[string]fileStat
	fails   map[fileKey]failure
	derived map[[2]string]answer
	roms    map[string]answer
	nvml    *answer // nil: not asked
	tpm     *answer // nil: not asked
	bytes   int64
	held    int64 // of bytes, those that differ
	large   shared
	listed  int // names in lists

	names    int   // how many are kept
	cards    cards // those for which it may be more
	dropped  drops
	redacts  bool            // the last capture was redacted
	unplaced map[string]bool // directories that the last capture could not hold
}

// drops are the paths of which an answer was not kept, because there were too many.
type drops struct {
	seed  maphash.Seed
	paths map[uint64]bool // by a digest: whether a redacted capture would have it
	kept  int             // of these, those that a redacted one would have
}

// maxDrops is up to how many are told from each other.
const maxDrops = 100_000

func (d *drops) add(key string) {
	if len(d.paths) == maxDrops {
		return
	}
	sum := maphash.String(d.seed, key)
	if _, there := d.paths[sum]; there {
		return
	}
	kept := find(key) != nil
	if d.paths[sum] = kept; kept {
		d.kept++
	}
}

// target is what a name is: a link, a directory, something else, or nothing.
type target struct {
	link   string
	dir    bool
	exists bool
}

// content is what was read of a file.
type content struct {
	data []byte
	// why is "" when the file was read to its end or to an error.
	why string
}

// answer is the result of a call.
type answer struct {
	data []byte
	err  error
}

// NewRecorder makes a Recorder of what is read through its own Env.
func NewRecorder(env *collect.Env) *Recorder {
	return &Recorder{
		env: env, seen: map[string]target{}, files: map[string]*content{}, lists: map[string]map[string]string{},
		stats: map[string]fileStat{}, fails: map[fileKey]failure{}, derived: map[[2]string]answer{}, roms: map[string]answer{},
		large: shared{}, names: maxRecordedNames, cards: cards{}, dropped: drops{seed: maphash.MakeSeed(), paths: map[uint64]bool{}},
	}
}

// Env is the machine, recorded. ROM files given by the user stay with the
// scan and are not recorded.
func (r *Recorder) Env() *collect.Env {
	env := *r.env
	env.FS, env.ROM, env.Derive = recordingFS{r}, r.readROM, r.derive
	if r.env.NVML != nil {
		env.NVML = r.askNVML
	}
	return &env
}

// uncarried are directories whose files are too large or too many to carry:
// collectors take facts of them through Env.Derive, and the facts are carried.
var uncarried = [...]string{
	"lib/modules", "usr/lib/modules", "lib/firmware", "usr/lib/firmware",
	"var/lib/dpkg", "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/pacman", "lib/apk", "usr/lib/apk",
	"etc/systemd", "usr/lib/systemd", "lib/systemd", "etc/udev", "usr/lib/udev", "lib/udev", "etc/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d",
	"etc/containers", "usr/share/containers", "etc/cdi", "usr/bin", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "opt/rocm",
	// Not for their size: the table holds the serial numbers of the machine's parts.
	"sys/firmware/dmi/tables", "sys/firmware/dmi/entries",
}

func isUncarried(key string) bool {
	for _, dir := range uncarried {
		if key == dir || strings.HasPrefix(key, dir+"/") {
			return true
		}
	}
	return false
}

func (r *Recorder) readROM(ctx context.Context, address string) ([]byte, error) {
	a := answer{err: collect.ErrNotRequested}
	if r.env.ROM != nil {
		a.data, a.err = r.env.ROM(ctx, address)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.roms[address]; !ok || old.err != nil && a.err == nil {
		r.roms[address] = r.cap(a)
	}
	return a.data, a.err
}

func (r *Recorder) derive(ctx context.Context, kind, name string, compute func() ([]byte, error)) ([]byte, error) {
	var a answer
	if r.env.Derive != nil {
		a.data, a.err = r.env.Derive(ctx, kind, name, compute)
	} else {
		a.data, a.err = compute()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.derived[[2]string{kind, name}]; !ok {
		r.derived[[2]string{kind, name}] = r.cap(a)
	}
	return a.data, a.err
}

func (r *Recorder) askNVML(ctx context.Context) ([]byte, error) {
	var a answer
	a.data, a.err = r.env.NVML(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nvml == nil {
		kept := r.cap(a)
		r.nvml = &kept
	}
	return a.data, a.err
}

// AttachTPM adds the evidence of the machine's TPM, or why there is none. It is
// made when everything else was read, because it may cover what was.
func (r *Recorder) AttachTPM(evidence []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.cap(answer{evidence, err})
	r.tpm = &kept
}

// cap copies an answer, or replaces one that is too large by that fact.
func (r *Recorder) cap(a answer) answer {
	if len(a.data) <= maxRecordedFile && !r.full() {
		if data, ok := r.hold(a.data); ok {
			return answer{data, a.err}
		}
	}
	return answer{err: &said{partialLimit, []error{collect.ErrLimit}}}
}

// hold copies bytes, once where they are there already; false where that is too much.
func (r *Recorder) hold(data []byte) ([]byte, bool) {
	n := int64(len(data))
	if r.bytes+n > maxRecordedBytes {
		return nil, false
	}
	if len(data) >= sharedFrom {
		if old, ok := r.large[sha256.Sum256(data)]; ok {
			r.bytes += n
			return old, true
		}
	}
	if r.held+n > maxRecordedHeld+int64(len(r.cards))*cardHeld/2 {
		return nil, false
	}
	kept, more := r.large.one(append([]byte(nil), data...))
	r.bytes, r.held = r.bytes+n, r.held+more
	return kept, true
}

func (r *Recorder) full() bool {
	return len(r.seen)+len(r.files)+len(r.lists)+len(r.stats)+len(r.fails)+len(r.derived)+len(r.roms)+r.listed > r.names
}

// room says that there is room for an answer on a path and for n more names beside those of
// lists, or else counts the path.
func (r *Recorder) room(key string, n int) bool {
	if r.full() || r.listed+n > r.names {
		r.dropped.add(key)
		return false
	}
	return true
}

// Dropped counts the files and folders of the machine of which the capture lacks what was
// asked and does not say so, because there were more than it may hold, or because no archive
// holds a folder of such a name: 0 where it is whole. What redaction leaves out is not among
// them. It is known after [Recorder.Write].
func (r *Recorder) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.dropped.paths)
	if r.redacts {
		n = r.dropped.kept
	}
	for key := range r.unplaced {
		if _, there := r.dropped.paths[maphash.String(r.dropped.seed, key)]; !there {
			n++
		}
	}
	return n
}

// key resolves a name, remembering the links and directories on its way.
func (r *Recorder) key(name string, follow bool) string {
	return resolve(name, follow, r.look)
}

// look implements lookup on the machine.
func (r *Recorder) look(key string) (string, bool) {
	r.mu.Lock()
	t, ok := r.seen[key]
	r.mu.Unlock()
	if ok {
		return t.link, t.exists
	}
	info, err := fs.Lstat(r.env.FS, key)
	if err == nil {
		t.exists, t.dir = true, info.IsDir()
		if info.Mode().Type() == fs.ModeSymlink {
			t.link, _ = fs.ReadLink(r.env.FS, key)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.seen[key]; !ok && r.room(key, 0) {
		r.seen[key] = t
	}
	return t.link, t.exists
}

// fail records the error of an operation; the first one stays.
func (r *Recorder) fail(op operation, key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := fileKey{op, key}
	if _, ok := r.fails[k]; !ok && !isUncarried(key) && r.room(key, 0) {
		r.fails[k] = fileFailure(err)
	}
}

// stat records what a stat of a key said.
func (r *Recorder) stat(key string, info fs.FileInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.stats[key]; !ok && r.room(key, 0) {
		r.stats[key] = statOf(info.Mode(), info.Size())
	}
}

// list records a listing.
func (r *Recorder) list(key string, entries []fs.DirEntry) {
	names := make(map[string]string, len(entries))
	for _, e := range entries {
		if element(e.Name()) {
			names[e.Name()] = typeLetter(e.Type())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.lists[key]; !ok && !isUncarried(key) && r.room(key, len(names)) {
		r.lists[key] = names
		r.listed += len(names)
		r.seen[key] = target{dir: true, exists: true}
	}
}

// keep records what was read of a file. The reading that went furthest stays.
func (r *Recorder) keep(key string, data []byte, why string) {
	if isUncarried(key) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.files[key]
	if old != nil && (old.why == "" || why != "" && len(data) <= len(old.data)) || !r.room(key, 0) {
		return
	}
	if r.cards.found(key, data) {
		r.names += cardNames
	}
	kept, ok := r.hold(data)
	if !ok {
		kept, why = nil, partialLimit
	}
	r.files[key] = &content{kept, why}
}

// directory says that a key was opened and is a directory.
func (r *Recorder) directory(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := (target{dir: true, exists: true}); r.seen[key] == t || r.room(key, 0) {
		r.seen[key] = t
	}
}
