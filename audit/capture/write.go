package capture

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	eventLog    = "sys/kernel/security/tpm0/binary_bios_measurements"
	maxEventLog = 4 << 20
)

// Options are the choices of one capture.
type Options struct {
	// Redact keeps what rules and collectors need, and nothing else: see [Recorder.Write].
	Redact bool
	// Secrets are looked for in a redacted capture, which is refused where one is
	// left. What the recording itself knows of the machine is looked for, too.
	Secrets []Secret
	// Tool is the name and version of the program.
	Tool string
}

// Write adds the PCI tree and the boot event log to what was recorded and
// writes the capture. Equal recordings give equal bytes.
//
// With Redact, of each file only that is kept which a table names: whole, rewritten, or
// as a name. A path that is not in the table is left out, and so is a file that has not
// the form of which parts are kept. Names with unknown words are replaced. ROM bytes are
// not altered, since they are what a capture is for: a ROM may hold a board's serial
// number.
func (r *Recorder) Write(w io.Writer, opts Options) error {
	p, meta, err := r.plan(opts)
	if err != nil {
		return err
	}
	return p.write(w, meta)
}

// plan adds what every capture holds, and lays the entries out.
func (r *Recorder) plan(opts Options) (*plan, Meta, error) {
	fsys := recordingFS{r}
	// What cannot be read is recorded as such; what nobody would read is not.
	if _, err := readPCITree(fsys, pciAttrs); errors.Is(err, collect.ErrLimit) {
		return nil, Meta{}, err
	}
	if !opts.Redact {
		_, _ = collect.Read(fsys, eventLog, maxEventLog)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := newPlan(r)
	secrets := opts.Secrets
	if opts.Redact {
		secrets = append(p.secrets(), secrets...)
		p.redact()
	}
	p.place()
	r.unplaced, r.redacts = p.unplaced, opts.Redact
	now := r.env.Now.Round(0).UTC()
	meta := Meta{Schema: Schema, CollectedAt: now, Tool: opts.Tool, ByRoot: r.env.ByRoot, Redacted: opts.Redact}
	if opts.Redact {
		if err := p.check(meta, secrets); err != nil {
			return nil, Meta{}, err
		}
	}
	return p, meta, nil
}

// plan is what a capture will hold: a copy of the recording that redaction may
// change, and then the tree of entries.
type plan struct {
	links   map[string]string
	dirs    map[string]bool
	files   map[string]content
	lists   map[string]map[string]string
	stats   map[string]fileStat
	fails   map[fileKey]failure
	derived map[[2]string]answer
	roms    map[string]answer
	nvml    *answer
	tpm     *answer

	tree     *tree
	index    index
	unplaced map[string]bool // directories that the tree does not take
}

func newPlan(r *Recorder) *plan {
	p := &plan{
		links: map[string]string{}, dirs: map[string]bool{}, files: map[string]content{}, lists: maps.Clone(r.lists),
		stats: maps.Clone(r.stats), fails: maps.Clone(r.fails), derived: maps.Clone(r.derived), roms: maps.Clone(r.roms),
		nvml: r.nvml, tpm: r.tpm, tree: newTree(DefaultLimits()), unplaced: map[string]bool{},
	}
	for key, t := range r.seen {
		if t.link != "" {
			p.links[key] = t.link
		}
		if t.dir {
			p.dirs[key] = true
		}
	}
	for key, c := range r.files {
		p.files[key] = *c
	}
	// Facts that were derived stand for the file that they were derived from.
	for at := range r.derived {
		key := resolve(at[1], true, func(name string) (string, bool) { return r.seen[name].link, r.seen[name].exists })
		if key != eventLog {
			delete(p.files, key)
		}
	}
	return p
}

// place puts everything in the tree or, where an archive cannot hold it, in
// the index.
func (p *plan) place() {
	p.index = index{
		Failures: []fileError{}, Listings: p.lists, Stats: map[string]fileStat{}, Links: map[string]string{},
		Partial: map[string]string{}, ROMs: map[string]failure{}, Derived: map[string]map[string]failure{},
	}
	_ = p.put(rootName, &node{mode: fs.ModeDir | 0o555})
	for _, key := range slices.Sorted(maps.Keys(p.links)) {
		p.placeLink(key, p.links[key])
	}
	for _, key := range slices.Sorted(maps.Keys(p.files)) {
		p.placeFile(key, p.files[key])
	}
	for _, key := range slices.Sorted(maps.Keys(p.dirs)) {
		if key == "." {
			continue
		}
		if err := p.put(path.Join(rootName, key), &node{mode: fs.ModeDir | 0o555}); err != nil {
			p.unplaced[key] = true
		}
	}
	p.placeAnswers()
	for key, s := range p.stats {
		if p.links[key] == "" || s.Mode[:1] == typeLetter(fs.ModeSymlink) {
			p.placeStat(key, s)
		}
	}
	for k, f := range p.fails {
		p.index.Failures = append(p.index.Failures, fileError{k.op, k.path, f})
	}
	slices.SortFunc(p.index.Failures, func(a, b fileError) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Op, b.Op))
	})
}

// put adds an entry unless the reader would refuse it.
func (p *plan) put(name string, n *node) error {
	if err := p.tree.checkName(name); err != nil {
		return err
	}
	return p.tree.add(name, n)
}

func (p *plan) placeLink(key, target string) {
	name := path.Join(rootName, key)
	if p.tree.checkTarget(rootName, name, target) != nil || p.put(name, &node{mode: fs.ModeSymlink | 0o777, target: target}) != nil {
		p.index.Links[key] = target
	}
}

func (p *plan) placeFile(key string, c content) {
	if c.why != "" {
		p.index.Partial[key] = c.why
	}
	if err := p.put(path.Join(rootName, key), &node{mode: 0o444, data: c.data}); err != nil {
		p.fails[fileKey{opOpen, key}] = fileFailure(unstored(err))
	}
}

func (p *plan) placeAnswers() {
	for address, a := range p.roms {
		if a.err == nil && inventory.ValidAddress(address) {
			a.err = p.put(romEntry(address), &node{mode: 0o444, data: a.data})
		}
		if a.err != nil {
			p.index.ROMs[address] = wholeFailure(a.err)
		}
	}
	p.index.NVML = p.placeAnswer(nvmlName, p.nvml)
	p.index.TPM = p.placeAnswer(tpmName, p.tpm)
	for _, at := range slices.SortedFunc(maps.Keys(p.derived), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		a, kind := p.derived[at], at[0]
		if a.err == nil {
			a.err = p.placeFacts(kind, at[1], a.data)
		}
		if a.err == nil {
			continue
		}
		if p.index.Derived[kind] == nil {
			p.index.Derived[kind] = map[string]failure{}
		}
		p.index.Derived[kind][at[1]] = wholeFailure(a.err)
	}
}

// placeAnswer puts what was answered in an entry, or says why it is not there;
// nil where nobody asked.
func (p *plan) placeAnswer(name string, a *answer) *failure {
	if a == nil {
		return nil
	}
	err := a.err
	if err == nil {
		err = p.put(name, &node{mode: 0o444, data: a.data})
	}
	if err == nil {
		return nil
	}
	f := wholeFailure(err)
	return &f
}

func (p *plan) placeFacts(kind, name string, data []byte) error {
	if !element(kind) || !fs.ValidPath(name) {
		return unstored(BadName)
	}
	if err := p.put(derivedEntry(kind, name), &node{mode: 0o444, data: data}); err != nil {
		return unstored(err)
	}
	return nil
}

// placeStat keeps a stat only where the entry does not already say the same.
func (p *plan) placeStat(key string, s fileStat) {
	n := p.tree.nodes[path.Join(rootName, key)]
	if n == nil || statOf(n.mode, int64(len(n.data)+len(n.target))) != s {
		p.index.Stats[key] = s
	}
}

// unstored says that the machine had something that an archive cannot hold.
func unstored(err error) error {
	return &said{"cannot be stored in a capture: " + err.Error(), []error{ErrNotRecorded}}
}

func (p *plan) write(w io.Writer, meta Meta) error {
	z, err := gzip.NewWriterLevel(w, p.level())
	if err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	t := tar.NewWriter(z)
	// Whole seconds: a fraction would give every entry a PAX header.
	out := &writer{t, meta.CollectedAt.Truncate(time.Second)}
	if err = out.json(metaName, meta); err == nil {
		err = out.index(p.index)
	}
	for _, name := range slices.Sorted(maps.Keys(p.tree.nodes)) {
		if name != "." && err == nil {
			err = out.node(name, p.tree.nodes[name])
		}
	}
	if err == nil {
		err = t.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	return nil
}

// level is how hard to compress. Blank ROMs compress better than the reader
// lets pass, so a capture beyond the reader's grace is packed in a way that
// cannot exceed its ratio.
func (p *plan) level() int {
	var size int64
	for _, n := range p.tree.nodes {
		size += 1024 + int64(len(n.data))
	}
	if size < p.tree.limits.RatioGrace/2 {
		return gzip.DefaultCompression
	}
	return gzip.HuffmanOnly
}

// writer writes entries that say nothing of who wrote them.
type writer struct {
	tar *tar.Writer
	at  time.Time
}

func (w *writer) json(name string, v any) error {
	n, err := jsonNode(name, v)
	if err != nil {
		return err
	}
	return w.node(name, n)
}

// index writes the index, unless every reader would refuse it.
func (w *writer) index(x index) error {
	n, err := jsonNode(indexName, x)
	if err != nil {
		return err
	}
	if _, err := decodeIndex(n.data); err != nil {
		kind := BadFormat
		if len(n.data) > indexLimit || errors.Is(err, strictjson.ErrBudget) {
			kind = TooLarge
		}
		return &said{fmt.Sprintf("no reader would take %s: %v", indexName, err), []error{kind}}
	}
	return w.node(indexName, n)
}

func jsonNode(name string, v any) (*node, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &node{mode: 0o444, data: append(b, '\n')}, nil
}

func (w *writer) node(name string, n *node) error {
	h := &tar.Header{Name: name, Mode: int64(n.mode.Perm()), ModTime: w.at, Typeflag: tar.TypeReg, Size: int64(len(n.data))}
	switch {
	case n.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case n.target != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, n.target
	}
	if err := w.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%.200q: %w", name, err)
	}
	_, err := w.tar.Write(n.data)
	return err
}
