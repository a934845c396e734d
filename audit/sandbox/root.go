package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const scratchFolder = "/scratch"

// emptyRoot makes a file system in memory the root of this process and throws the
// machine's away. It has one folder, which the judge may write.
func emptyRoot(p *Protection, size uint64) error {
	if size == 0 {
		size = 1 << 20
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part from the machine's mounts: %w", err)
	}
	// Any folder does. This one is there: the program was started through it.
	const at = "/proc"
	options := fmt.Sprintf("size=%d,nr_inodes=65536,mode=0755", size)
	if err := unix.Mount("judge", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("mount memory: %w", err)
	}
	if err := os.Mkdir(at+scratchFolder, 0o700); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(at+scratchFolder, ID, ID); err != nil {
			return err
		}
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
