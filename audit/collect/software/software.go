// Package software looks for what makers of accelerators install beside a kernel module:
// libraries, services, programs that are set to root, rules of udev and modprobe, hooks
// of containers. It finds them by name in the folders that Linux keeps such files in,
// and asks the package databases who laid each down.
//
// Which maker a file is of is not asked: the name is the file's own word. What counts is
// that it runs as root and that no package answers for it, or that it is not what its
// package laid down.
package software

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

const (
	// maxFiles caps the files that are found; the largest stack seen has 40.
	maxFiles = 128
	// maxEntries caps the entries of one folder.
	maxEntries = 20_000
	// digestLimit caps a file that is digested, textLimit one that is read for what it
	// starts.
	digestLimit, textLimit = 32 << 20, 256 << 10
)

// makersWords are in the names of makers' software: of NVIDIA, AMD and Intel, and of the
// makers whose cards come with an installer of their own.
var makersWords = [...]string{"nvidia", "cuda", "amdgpu", "rocm", "amdkfd", "mthreads", "musa", "mtgpu", "ascend", "npu-smi", "hisi_hdc", "davinci", "cambricon",
	"cnmon", "neuware", "iluvatar", "corex", "metax", "mxgpu", "maca", "kunlun", "xpusmi", "xpu_smi", "xpurt", "hygon", "hydcu", "enflame", "biren",
	"tenstorrent", "habana", "gaudi", "furiosa", "rebellions", "rbln", "hailo", "moorethreads", "moore-threads", "lisuan"}

// makers says that a file's name has such a word, in letters of either case.
func makers(name string) bool {
	// Upper case first: some letters have an ASCII letter there alone.
	folded := strings.ToLower(strings.ToUpper(name))
	return slices.ContainsFunc(makersWords[:], func(word string) bool { return strings.Contains(folded, word) })
}

// place is a folder with the role of the files in it, by the end of their names.
type place struct {
	dir, suffix string
	role        inventory.SoftwareRole
}

var places = [...]place{
	{"etc/systemd/system", ".service", inventory.SoftwareService},
	{"usr/lib/systemd/system", ".service", inventory.SoftwareService},
	{"lib/systemd/system", ".service", inventory.SoftwareService},
	{"etc/udev/rules.d", ".rules", inventory.SoftwareUdev},
	{"usr/lib/udev/rules.d", ".rules", inventory.SoftwareUdev},
	{"lib/udev/rules.d", ".rules", inventory.SoftwareUdev},
	{"etc/modprobe.d", ".conf", inventory.SoftwareModprobe},
	{"usr/lib/modprobe.d", ".conf", inventory.SoftwareModprobe},
	{"lib/modprobe.d", ".conf", inventory.SoftwareModprobe},
	{"etc/containers/oci/hooks.d", ".json", inventory.SoftwareHook},
	{"usr/share/containers/oci/hooks.d", ".json", inventory.SoftwareHook},
	{"etc/cdi", "", inventory.SoftwareHook},
}

// files are those that have one name everywhere: reading the whole of usr/bin or of the
// libraries' folder would ask for more than this needs.
func files() (list []place) {
	for _, name := range []string{"nvidia-modprobe", "nvidia-container-cli", "nvidia-persistenced", "mthreads-gmi", "npu-smi", "cnmon", "hy-smi", "ixsmi", "mx-smi"} {
		list = append(list, place{"usr/bin", name, inventory.SoftwareSetuid})
	}
	for _, name := range []string{"nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk", "habana-container-hook"} {
		list = append(list, place{"usr/bin", name, inventory.SoftwareHook})
	}
	for _, dir := range []string{"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "opt/rocm/lib"} {
		for _, name := range []string{"libcuda.so.1", "libnvidia-ml.so.1", "libamdhip64.so", "libhsa-runtime64.so.1"} {
			list = append(list, place{dir, name, inventory.SoftwareLibrary})
		}
	}
	return list
}

// Collector reads the makers' software of the host.
func Collector() collect.Collector {
	c := collect.Collector{Name: "software", Host: host}
	for _, p := range places {
		c.Requires = append(c.Requires, collect.Requirement{Path: p.dir + "/*" + p.suffix, Decides: "what the card's maker runs as root beside the driver"})
	}
	for _, p := range files() {
		c.Requires = append(c.Requires, collect.Requirement{Path: path.Join(p.dir, p.suffix), Decides: "whose the card's helpers and libraries are"})
	}
	return c
}

const (
	kind = "software"
	// derivedFrom names the facts in a capture, which carries them and no file.
	derivedFrom = "etc/systemd/system"
	fact        = "/software"
)

// found is what a capture carries.
type found struct {
	Files []inventory.SoftwareFile `json:"files"`
	Gaps  []inventory.Gap          `json:"gaps,omitempty"`
	// Looked says that at least one of the folders is there.
	Looked bool `json:"looked"`
}

func host(ctx context.Context, env *collect.Env, h *inventory.Host) error {
	f, err := collect.Derived(ctx, env, kind, derivedFrom, func() (found, error) { return search(ctx, env.FS) })
	if err == nil {
		err = f.check()
	}
	switch {
	case err != nil:
		h.Gaps = append(h.Gaps, collect.GapFor(fact, derivedFrom, err))
		return nil
	case !f.Looked:
		h.Gaps = append(h.Gaps, inventory.Gap{Fact: fact, Source: derivedFrom, Reason: inventory.ReasonNotPresent, Detail: "none of the folders of services and rules is there"})
		return nil
	}
	h.Software, h.Gaps = append([]inventory.SoftwareFile{}, f.Files...), append(h.Gaps, f.Gaps...)
	return nil
}

// check holds recorded facts, which are as hostile as all else, to what search gives.
func (f *found) check() error {
	if len(f.Files) > maxFiles || len(f.Gaps) > maxFiles {
		return fmt.Errorf("recorded software: %w of %d files", collect.ErrLimit, maxFiles)
	}
	roles := []inventory.SoftwareRole{inventory.SoftwareLibrary, inventory.SoftwareService, inventory.SoftwareSetuid, inventory.SoftwareUdev, inventory.SoftwareModprobe, inventory.SoftwareHook}
	for _, s := range f.Files {
		if !slices.Contains(roles, s.Role) || !fs.ValidPath(s.Path) {
			return fmt.Errorf("recorded software: %w: %.60q, %.20q", collect.ErrMalformed, s.Path, s.Role)
		}
	}
	return nil
}

// search finds the files and asks who laid each down.
func search(ctx context.Context, fsys fs.FS) (found, error) {
	s := &searcher{fsys: ahead(fsys), f: found{Files: []inventory.SoftwareFile{}}}
	for _, p := range places {
		if err := s.folder(ctx, p); err != nil {
			return found{}, err
		}
	}
	for _, p := range files() {
		if err := s.file(ctx, path.Join(p.dir, p.suffix), p.role); err != nil {
			return found{}, err
		}
	}
	slices.SortFunc(s.f.Files, func(a, b inventory.SoftwareFile) int { return strings.Compare(a.Path, b.Path) })
	return s.f, nil
}

// ahead reads the folders, and looks for the files.
func ahead(fsys fs.FS) fs.FS {
	var folders, looks []string
	for _, p := range places {
		folders = append(folders, p.dir)
	}
	for _, p := range files() {
		looks = append(looks, path.Join(p.dir, p.suffix))
	}
	return collect.Ahead(fsys, nil, nil, folders, looks)
}

type searcher struct {
	fsys fs.FS
	f    found
}

func (s *searcher) gap(source string, err error) {
	if len(s.f.Gaps) < maxFiles {
		s.f.Gaps = append(s.f.Gaps, collect.GapFor(fact, source, err))
	}
}

// folder goes through a folder for files of makers, by their names.
func (s *searcher) folder(ctx context.Context, p place) error {
	if first, _, _ := strings.Cut(p.dir, "/"); first == "lib" {
		if _, err := fs.ReadLink(s.fsys, "lib"); err == nil {
			return nil // it is usr/lib, which is looked at
		}
	}
	entries, err := fs.ReadDir(s.fsys, p.dir)
	if collect.Absent(err) {
		return nil
	}
	s.f.Looked = true
	if err == nil && len(entries) > maxEntries {
		err = fmt.Errorf("%w of %d entries", collect.ErrLimit, maxEntries)
	}
	if err != nil {
		s.gap(p.dir, err)
		return nil
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), p.suffix) || !makers(e.Name()) || e.Type()&^fs.ModeSymlink != 0 {
			continue
		}
		if err := s.file(ctx, path.Join(p.dir, e.Name()), p.role); err != nil {
			return err
		}
	}
	return nil
}

// file adds one file, where it is there.
func (s *searcher) file(ctx context.Context, name string, role inventory.SoftwareRole) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := fs.Stat(s.fsys, name)
	if collect.Absent(err) {
		return nil
	}
	if err != nil {
		s.gap(name, err)
		return nil
	}
	if !info.Mode().IsRegular() || role == inventory.SoftwareSetuid && info.Mode()&fs.ModeSetuid == 0 {
		return nil
	}
	if len(s.f.Files) == maxFiles {
		s.gap(name, fmt.Errorf("%w of %d files", collect.ErrLimit, maxFiles))
		return nil
	}
	f := inventory.SoftwareFile{Path: name, Role: role}
	var raw []byte
	if info.Size() <= digestLimit {
		if raw, err = collect.Read(s.fsys, name, digestLimit); err != nil {
			s.gap(name, err)
		} else {
			sum := sha256.Sum256(raw)
			f.SHA256 = new(hex.EncodeToString(sum[:]))
		}
	}
	f.Root = asRoot(role, raw)
	var gaps []inventory.Gap
	if f.PackageOwned, f.Package, gaps = driver.Owner(ctx, s.fsys, name, raw); f.PackageOwned == nil {
		for _, g := range gaps {
			g.Fact = fact
			if !slices.Contains(s.f.Gaps, g) && len(s.f.Gaps) < maxFiles {
				s.f.Gaps = append(s.f.Gaps, g)
			}
		}
	}
	s.f.Files = append(s.f.Files, f)
	return nil
}

var (
	user    = lazyregexp.New(`(?m)^\s*(?:User|DynamicUser)\s*=\s*(\S+)`)
	command = lazyregexp.New(`(?m)(?:\bRUN\b|\bPROGRAM\b|\bIMPORT\{program\})(?:\{program\})?\s*[+:]?=`)
	install = lazyregexp.New(`(?m)^\s*(?:install|remove)\s+\S+\s+\S`)
)

// asRoot says whether what the file starts runs as root. What cannot be read is taken
// to.
func asRoot(role inventory.SoftwareRole, raw []byte) bool {
	text := raw[:min(len(raw), textLimit)]
	switch role {
	case inventory.SoftwareLibrary:
		return false
	case inventory.SoftwareService:
		m := user.FindSubmatch(text)
		return m == nil || string(m[1]) == "root" || string(m[1]) == "0"
	case inventory.SoftwareUdev:
		return raw == nil || command.Match(text)
	case inventory.SoftwareModprobe:
		return raw == nil || install.Match(text)
	}
	return true
}
