package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const scratchFolder = "/scratch"

// emptyRoot makes a file system in memory the root of this process and throws the
// machine's away. It is read-only and has one folder, which the judge may write.
func emptyRoot(p *Protection, size uint64) error {
	if size == 0 {
		size = 1 << 20
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part from the machine's mounts: %w", err)
	}
	// Any folder does. This one is there: the program was started through it.
	const at = "/proc"
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("judge", at, "tmpfs", flags, "size=4096,nr_inodes=16,mode=0755"); err != nil {
		return fmt.Errorf("mount memory: %w", err)
	}
	if err := os.Mkdir(at+scratchFolder, 0o700); err != nil {
		return err
	}
	// One of its own is the judge's from the start: to give it away would take a capability.
	options := fmt.Sprintf("size=%d,nr_inodes=65536,mode=0700,uid=%d,gid=%d", size, ID, ID)
	if err := unix.Mount("scratch", at+scratchFolder, "tmpfs", flags, options); err != nil {
		return fmt.Errorf("mount memory: %w", err)
	}
	if err := unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|flags, ""); err != nil {
		return fmt.Errorf("make the root read-only: %w", err)
	}
	if err := os.Chdir(at); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err == nil {
		// The old root lies over the new one now.
		if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
			return fmt.Errorf("detach the machine's root: %w", err)
		}
	} else if err := unix.Chroot("."); err != nil { // as on an initramfs
		return fmt.Errorf("change the root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	p.Scratch = scratchFolder
	return nil
}
