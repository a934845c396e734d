package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// newer is where the roots are that a refused update has verified.
func newer(name string) string { return path.Join(channelsName, name, "roots") }

// newerRoots are these roots. Nothing of them is believed: each is verified again, and
// of those that are missing the register knows.
func (d *Dir) newerRoots(name string) (channel.Source, error) {
	roots, err := fs.Sub(d.files, newer(name))
	return channel.Directory{FS: roots}, err
}

// refused keeps what a refused update has verified, and returns why it was
// refused. The roots come first: the register must not know of one that is not
// there.
func (d *Dir) refused(reg *register, name string, known channel.Known, why error) error {
	var r *channel.Refusal
	if !errors.As(why, &r) {
		return why
	}
	if reg.Refused == nil {
		reg.Refused = map[string]seen{}
	}
	reg.Refused[name] = seen{FirstRoot: sum(known.Root), Minimum: r.Seen}
	if err := d.keepRefused(reg, name, r.Roots); err != nil {
		return fmt.Errorf("%w; and what was verified of it cannot be kept: %w", why, err)
	}
	return why
}

func (d *Dir) keepRefused(reg *register, name string, roots []channel.File) error {
	for _, dir := range []string{channelsName, path.Join(channelsName, name), newer(name)} {
		if err := d.disk.mkdir(dir); err != nil {
			return err
		}
	}
	for _, f := range roots {
		if err := d.disk.replace(path.Join(newer(name), f.Name), f.Data); err != nil {
			return err
		}
	}
	return d.writeRegister(reg)
}
