package machine

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// LiveRights lets a scan of the running machine read what its collectors declare:
// sysfs and procfs whole, because their links lead everywhere in them, and of the
// rest only the paths that are named.
func LiveRights() []Right {
	w := newWay()
	for _, c := range Collectors() {
		for _, req := range c.Requires {
			for _, name := range append([]string{req.Path}, req.Instead...) {
				if !strings.HasPrefix(name, "sys/") && !strings.HasPrefix(name, "proc/") {
					w.allow(fixed(name))
				}
			}
		}
	}
	if dir := firmwareFolder(); dir != "" {
		w.allow(dir)
	}
	for _, tree := range [...]string{"lib/modules", "lib/firmware"} {
		for _, target := range linksOut(w.root, tree) {
			w.allow(target)
		}
	}
	return []Right{
		Readable("/sys", "/proc"),
		landlock.PathAccess(ll.AccessFSReadDir, w.passed...).IgnoreIfMissing(),
		landlock.PathAccess(ll.AccessFSReadDir|ll.AccessFSReadFile, w.dirs...).IgnoreIfMissing(),
		landlock.PathAccess(ll.AccessFSReadFile, w.files...).IgnoreIfMissing(),
	}
}

// Declared are the paths of the running machine that its collectors read, as files and
// folders: sysfs whole, because their links lead everywhere in it, and of the rest what
// they declare.
func Declared() []string {
	list := []string{"sys", "proc/version", "proc/sys/kernel/osrelease", "dev/dxg"}
	add := func(name string) {
		if !slices.Contains(list, name) && !strings.HasPrefix(name, "sys/") {
			list = append(list, name)
		}
	}
	for _, c := range Collectors() {
		for _, req := range c.Requires {
			for _, name := range append([]string{req.Path}, req.Instead...) {
				if name = fixed(name); strings.HasPrefix(name, "lib/") {
					add("usr/" + name)
				}
				add(name)
			}
		}
	}
	if dir := firmwareFolder(); dir != "" {
		add(dir)
	}
	return list
}

// Elsewhere are folders of sysfs in which other file systems are mounted, or which lead into
// the kernel, and which no collector reads: memory of drivers (debugfs), what other programs
// do (tracefs, cgroups, BPF), records of crashes, and the kernel's own memory. Of debugfs the
// copies of ROMs are read (package rom), and sizes of memory (package intel), by these
// patterns, and nothing else.
func Elsewhere() (except, but []string) {
	const dri = "sys/kernel/debug/dri"
	return []string{"sys/kernel/debug", "sys/kernel/tracing", "sys/kernel/config", "sys/kernel/slab", "sys/kernel/notes", "sys/kernel/vmcoreinfo", "sys/fs"},
		[]string{"sys/kernel/debug", dri, dri + "/*", dri + "/*/name", dri + "/*/amdgpu_vbios", dri + "/*/vbios.rom", dri + "/*/vram*_mm", dri + "/*/i915_gem_objects"}
}

// fixed is the part of a declared path before its first wildcard.
func fixed(glob string) string {
	at := strings.IndexAny(glob, "*?[")
	if at < 0 {
		return glob
	}
	return path.Dir(glob[:at] + "x")
}

// firmwareFolder is where the kernel was told to look for firmware first.
func firmwareFolder() string {
	dir, err := collect.Attr(os.DirFS("/sys/module/firmware_class/parameters"), "path")
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(path.Clean("/"+dir), "/")
}

// way gathers what has to be readable so that paths can be opened one element
// after the other, as package inroot opens them. To open a directory on the way takes
// the right to list it, and no more. That of a path which is not there matters
// too: without it, "is not there" would read as "must not be read".
type way struct {
	root                string
	passed, dirs, files []string
}

// hops is how many links one path may lead through, as in Linux.
const hops = 40

func newWay() *way { return &way{root: "/"} }

// allow makes a path below the root readable, wherever its links lead.
func (w *way) allow(name string) {
	at, rest := "", name
	for links := 0; rest != ""; {
		elem, tail, _ := strings.Cut(rest, "/")
		switch elem {
		case "", ".":
			rest = tail
			continue
		case "..":
			at, rest = strings.TrimPrefix(path.Dir("/"+at), "/"), tail
			continue
		}
		next := path.Join(at, elem)
		full := filepath.Join(w.root, next)
		info, err := os.Lstat(full)
		switch {
		case err != nil:
			return
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(full)
			if links++; err != nil || links > hops {
				return
			}
			if path.IsAbs(target) {
				at = ""
			}
			rest = target + "/" + tail
			continue
		case info.IsDir():
			w.add(&w.passed, full)
			at, rest = next, tail
		case strings.Trim(tail, "/") != "":
			return
		case info.Mode().IsRegular():
			w.add(&w.files, full)
			return
		default:
			return // a device is no source
		}
	}
	if at != "" {
		w.add(&w.dirs, filepath.Join(w.root, at))
	}
}

func (w *way) add(list *[]string, name string) {
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// linksOutLimit caps the files looked at; a kernel has some 6,000 modules, and
// linux-firmware 4,000 files.
const linksOutLimit = 50_000

// linksOut are the links below a directory that lead out of it, as paths below the root.
func linksOut(root, name string) []string {
	dir, err := filepath.EvalSymlinks(filepath.Join(root, name))
	if err != nil {
		return nil
	}
	var out []string
	seen := 0
	_ = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if seen++; seen > linksOutLimit {
			return fs.SkipAll
		}
		if err != nil || d.Type()&fs.ModeSymlink == 0 || d.Name() == "build" || d.Name() == "source" {
			return nil
		}
		target, err := os.Readlink(at)
		if err != nil {
			return nil
		}
		to := filepath.Join(filepath.Dir(at), target)
		if path.IsAbs(target) {
			to = filepath.Join(root, target)
		}
		if rel, err := filepath.Rel(root, to); err == nil && to != dir && !strings.HasPrefix(to, dir+"/") {
			out = append(out, rel)
		}
		return nil
	})
	return out
}
