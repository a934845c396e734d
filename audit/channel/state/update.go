package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"syscall"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// Request asks for the newest state of a channel.
type Request struct {
	Name   string
	Source channel.Source
	// From is where later updates come from; "" leaves it as it is.
	From string
	// Root is the first root. It must be given once, and where the kept state is
	// damaged; given again, it must be the same.
	Root []byte
	Now  time.Time
}

// Result is what an update has done.
type Result struct {
	Channel
	// Before are the versions of the state before, nil where there was none.
	Before *channel.Versions
	// Repaired says what was wrong with the kept state, "" if nothing was.
	Repaired string
}

// Update verifies the present state of a source and keeps it. The state is not
// changed unless all of it verifies; of one that is refused, newer roots and the
// versions seen are kept beside it.
func (d *Dir) Update(ctx context.Context, req Request) (*Result, error) {
	if !ValidName(req.Name) {
		return nil, fmt.Errorf("%.80q cannot be the name of a channel: use letters a to z, digits, dots and hyphens", req.Name)
	}
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	reg, err := d.register()
	if err != nil {
		return nil, err
	}
	kept, known, err := d.known(ctx, req, reg.Channels[req.Name])
	if err != nil {
		return nil, err
	}
	if seen, ok := reg.Refused[req.Name]; ok && seen.FirstRoot == sum(known.Root) {
		known.Minimum = known.Minimum.Later(seen.Minimum)
		if known.Roots, err = d.newerRoots(req.Name); err != nil {
			return nil, err
		}
	}
	// Time does not go back: what a clock that was set back lets through had
	// expired when the channel was last looked at.
	now := req.Now
	for _, seen := range []time.Time{kept.Checked, reg.Channels[req.Name].Checked} {
		if seen.After(now) {
			now = seen
		}
	}
	v, err := channel.Update(ctx, req.Source, known, now)
	if err != nil {
		return nil, d.refused(reg, req.Name, known, err)
	}
	res := &Result{Channel: Channel{Name: req.Name, Verified: v, Pointer: Pointer{Format: pointerFormat, From: kept.From,
		Generation: kept.Generation, FirstRoot: sum(known.Root), Minimum: v.Seen(), Checked: now.UTC()}}, Repaired: kept.damage}
	if req.From != "" {
		res.From = req.From
	}
	if known.Before != nil {
		res.Before = &known.Before.Versions
	}
	if known.Before == nil || known.Before.SHA256() != v.SHA256() {
		res.Generation++
		if err := d.writeGeneration(req.Name, res.Generation, known.Root, v); err != nil {
			return nil, fmt.Errorf("keep channel %s: %w", req.Name, err)
		}
	}
	if err := d.commit(reg, res); err != nil {
		return nil, fmt.Errorf("keep channel %s: %w", req.Name, err)
	}
	return res, nil
}

// kept is what there is of a channel before an update.
type kept struct {
	Pointer
	damage string
}

// known gathers what is known of a channel. A damaged state can be replaced with
// the first root at hand, and comes back no older than it was.
func (d *Dir) known(ctx context.Context, req Request, registered entry) (kept, channel.Known, error) {
	k := kept{}
	known := channel.Known{Root: req.Root, Minimum: registered.Minimum}
	first := registered.FirstRoot
	p, err := d.pointer(req.Name, first != "")
	if err == nil {
		k.Pointer, first = *p, p.FirstRoot
		known.Minimum = known.Minimum.Later(p.Minimum)
		known.Before, known.Root, err = d.open(ctx, req.Name, p, registered.Minimum)
	}
	switch {
	case req.Root != nil && first != "" && sum(req.Root) != first:
		return k, known, fmt.Errorf("%w of channel %s is another one than was given when it was subscribed to: channel forget %s first if you mean it", ErrRoot, req.Name, req.Name)
	case err == nil:
		return k, known, nil
	case errors.Is(err, ErrNoChannel):
		if req.Root == nil {
			return k, known, fmt.Errorf("%w of channel %s is needed: give it with --root FILE, from a place that you trust", ErrRoot, req.Name)
		}
	case errors.Is(err, ErrPermissions):
		return k, known, err
	case req.Root == nil:
		return k, known, fmt.Errorf("%w; give --root FILE to build it anew: versions seen before stay the least that is accepted", err)
	default:
		k.damage = err.Error()
	}
	known.Before, known.Root = nil, req.Root
	if k.Generation == 0 {
		k.Generation = d.lastGeneration(req.Name)
	}
	return k, known, nil
}

// lastGeneration is the highest number of a generation on the disk, so that a
// state built anew does not write into one.
func (d *Dir) lastGeneration(name string) int {
	last := 0
	entries, _ := fs.ReadDir(d.files, path.Join(channelsName, name))
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "gen-%d", &n); err == nil {
			last = max(last, n)
		}
	}
	return last
}

// writeGeneration writes a verified state aside, where nobody looks yet.
func (d *Dir) writeGeneration(name string, n int, root []byte, v *channel.Verified) error {
	dir := generation(name, n)
	if err := d.disk.remove(dir); err != nil { // of an interrupted run
		return err
	}
	dirs := []string{channelsName, path.Dir(dir), dir, path.Join(dir, "targets"), path.Join(dir, "targets/manifests")}
	if len(v.Data) > 0 {
		dirs = append(dirs, path.Join(dir, "targets/data"))
	}
	for _, dir := range dirs {
		if err := d.disk.mkdir(dir); err != nil {
			return err
		}
	}
	for _, f := range append([]channel.File{{Name: firstRootName, Data: root}}, v.Files...) {
		if err := d.disk.write(path.Join(dir, f.Name), f.Data); err != nil {
			return err
		}
	}
	slices.Reverse(dirs)
	for _, dir := range append(dirs, ".") {
		if err := d.disk.sync(dir); err != nil {
			return err
		}
	}
	return nil
}

// commit brings a generation into force, enters its versions in the register,
// and removes what no reader can be in any more: all but the last two.
func (d *Dir) commit(reg *register, res *Result) error {
	b, err := encode(res.Pointer)
	if err != nil {
		return err
	}
	if err := d.disk.replace(path.Join(channelsName, res.Name, pointerName), b); err != nil {
		return err
	}
	reg.Channels[res.Name] = entry{FirstRoot: res.FirstRoot, Minimum: res.Minimum, Checked: res.Checked}
	delete(reg.Refused, res.Name)
	if err := d.writeRegister(reg); err != nil {
		return err
	}
	if err := d.disk.remove(newer(res.Name)); err != nil {
		return err
	}
	entries, err := fs.ReadDir(d.files, path.Join(channelsName, res.Name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "gen-%d", &n); err == nil && n != res.Generation && n != res.Generation-1 {
			if err := d.disk.remove(generation(res.Name, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Dir) writeRegister(reg *register) error {
	b, err := encode(reg)
	if err != nil {
		return err
	}
	return d.disk.replace(registerName, b)
}

// Forget takes a channel out of the state, its minimum versions too. It is for
// people: a channel whose root was stolen, or that nobody wants any more.
func (d *Dir) Forget(name string) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	reg, err := d.register()
	if err != nil {
		return err
	}
	_, registered := reg.Channels[name]
	_, tried := reg.Refused[name]
	if _, err := d.pointer(name, registered); errors.Is(err, ErrNoChannel) && !tried {
		return err
	}
	// The pointer first: a channel that is half gone would be taken for damaged.
	for _, part := range []string{path.Join(channelsName, name, pointerName), path.Join(channelsName, name)} {
		if err := d.disk.remove(part); err != nil {
			return err
		}
	}
	delete(reg.Channels, name)
	delete(reg.Refused, name)
	return d.writeRegister(reg)
}

// lock keeps other writers out. Readers need none: what they read does not
// change under them.
func (d *Dir) lock() (unlock func(), err error) {
	unlock, err = d.disk.folder.Lock(lockName)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, fmt.Errorf("%w in %s: wait for it", ErrLocked, d.path)
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", d.path, err)
	}
	return unlock, nil
}
