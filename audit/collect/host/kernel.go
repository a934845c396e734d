package host

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	cmdline  = "proc/cmdline"
	tainted  = "proc/sys/kernel/tainted"
	lockdown = "sys/kernel/security/lockdown"
)

func (r *reader) kernel() inventory.Kernel {
	k := inventory.Kernel{
		Release: r.attr("/kernel/release", "proc/sys/kernel/osrelease"),
		Version: r.attr("/kernel/version", "proc/version"),
	}
	if line, err := collect.Attr(r.fsys, cmdline); err != nil {
		r.gap("/kernel/switches", cmdline, err)
	} else {
		k.Switches = collect.ParseSwitches(line)
	}
	k.Tainted = r.tainted()
	if k.Tainted != nil {
		k.TaintFlags = new(taintFlags(*k.Tainted))
		if strings.ContainsAny(*k.TaintFlags, moduleMarks) {
			k.TaintedModules = r.taintedModules()
		}
	}
	k.Lockdown = r.lockdown()
	return k
}

func (r *reader) tainted() *uint64 {
	s, err := collect.Attr(r.fsys, tainted)
	if err != nil {
		r.gap("/kernel/tainted", tainted, err)
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		r.gap("/kernel/tainted", tainted, fmt.Errorf("%w: %.40q is no number", collect.ErrMalformed, s))
		return nil
	}
	return &n
}

// taintFlags are the letters of the bits that are set (kernel
// Documentation/admin-guide/tainted-kernels.rst), and a question mark for each
// that is not known here. No letter means no taint.
func taintFlags(bits uint64) string {
	const letters = "PFSRMBUDAWCIOELKXTNJ"
	var flags []byte
	for i := range 64 {
		switch {
		case bits&(1<<i) == 0:
		case i < len(letters):
			flags = append(flags, letters[i])
		default:
			flags = append(flags, '?')
		}
	}
	return string(flags)
}

// moduleMarks are the letters that a module brings with it: proprietary, forced,
// staging, out of tree, not signed, live patch, from outside of support, test.
const moduleMarks = "PFCOEKXN"

// modulesLimit caps the modules that are looked at; a machine has some 300.
const modulesLimit = 8192

// taintedModules reads the marks of every loaded module. One that is built in has
// none.
func (r *reader) taintedModules() []inventory.TaintedModule {
	const dir = "sys/module"
	list, err := fs.ReadDir(r.fsys, dir)
	if err == nil && len(list) > modulesLimit {
		err = fmt.Errorf("%w of %d modules", collect.ErrLimit, modulesLimit)
	}
	if err != nil {
		r.gap("/kernel/tainted_modules", dir, err)
		return nil
	}
	var marked []inventory.TaintedModule
	for _, e := range list {
		file := path.Join(dir, e.Name(), "taint")
		flags, err := collect.Attr(r.fsys, file)
		switch {
		case err == nil && flags != "":
			marked = append(marked, inventory.TaintedModule{Name: e.Name(), Flags: flags})
		case err != nil && !collect.Absent(err):
			r.gap("/kernel/tainted_modules", file, err)
			return nil
		}
	}
	return marked
}

// lockdown is the mode in brackets: "none [integrity] confidentiality".
func (r *reader) lockdown() *string {
	s, err := collect.Attr(r.fsys, lockdown)
	if err != nil {
		r.gap("/kernel/lockdown", lockdown, err)
		return nil
	}
	_, rest, opened := strings.Cut(s, "[")
	mode, _, closed := strings.Cut(rest, "]")
	if !opened || !closed || mode == "" {
		r.gap("/kernel/lockdown", lockdown, fmt.Errorf("%w: %.80q marks no mode", collect.ErrMalformed, s))
		return nil
	}
	return &mode
}
