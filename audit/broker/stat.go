package broker

import (
	"fmt"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// statOf is what package os read of a file.
func statOf(i fs.FileInfo) (*unix.Stat_t, error) {
	s, ok := i.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("stat %s: %w", i.Name(), unix.ENOTSUP)
	}
	return &unix.Stat_t{Dev: s.Dev, Ino: s.Ino, Mode: s.Mode, Uid: s.Uid, Size: s.Size, Mtim: unix.Timespec{Sec: s.Mtim.Sec, Nsec: s.Mtim.Nsec}}, nil
}
