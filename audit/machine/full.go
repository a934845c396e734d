package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Full is how all is read that a machine and the rights of this process allow.
type Full struct {
	// ReadROM says that the ROMs can be read.
	ReadROM bool
	// NVML is the program that asks NVIDIA's library; "" where there is nothing to ask,
	// or nothing to ask with.
	NVML string
	// AskTPM says that the TPM is asked.
	AskTPM bool
	// Touches says what is done that leaves a trace or takes time, Without what stays
	// unread, why, and what would mend it.
	Touches, Without []string
}

// FullOptions are what a full reading is planned from.
type FullOptions struct {
	// Root is the root directory of the machine; "" is "/". Programs are the folders in
	// which the program that asks NVIDIA's library may lie.
	Root     string
	Programs []string
	// ByRoot says that this process is root's.
	ByRoot bool
	// TPM is the device of the TPM, Enrolled that somebody said which key of it counts.
	TPM      string
	Enrolled bool
	// NVML says that the answers of NVIDIA's library are given.
	NVML bool
}

// nvmlProgram is the name of the program that asks NVIDIA's library.
const nvmlProgram = "gpuaudit-nvml"

// Programs are the folders in which programs are installed beside this one.
func Programs() []string {
	dirs := []string{"/usr/libexec/gpuaudit", "/usr/bin", "/usr/local/bin"}
	if own, err := os.Executable(); err == nil {
		dirs = append([]string{filepath.Dir(own)}, dirs...)
	}
	return dirs
}

// PlanFull says how all of a machine is read. Of another machine than this one, what was
// recorded is read, and nothing is asked.
func PlanFull(s Source, o FullOptions) Full {
	if s.Elsewhere() {
		return Full{Without: []string{"nothing can be asked of another machine: its driver's answers come with --nvml or --witness, its TPM's with --evidence"}}
	}
	root := o.Root
	if root == "" {
		root = "/"
	}
	var f Full
	f.rom(o)
	if cards, _ := filepath.Glob(filepath.Join(root, "sys/bus/pci/drivers/nvidia/*:*")); len(cards) > 0 && !o.NVML {
		f.askNVML(o)
	}
	f.tpm(o)
	return f
}

func (f *Full) rom(o FullOptions) {
	if f.ReadROM = o.ByRoot; f.ReadROM {
		f.Touches = append(f.Touches, "the ROM of each card is switched on for the moment of reading it")
		return
	}
	f.Without = append(f.Without, "the cards' firmware, and what of the bus root alone may see: run it as root (sudo)")
}

func (f *Full) askNVML(o FullOptions) {
	var refused error
	for _, dir := range o.Programs {
		name := filepath.Join(dir, nvmlProgram)
		switch err := trusted(name); {
		case err == nil:
			f.NVML = name
			f.Touches = append(f.Touches, "NVIDIA's driver is asked by "+name)
			return
		case !errors.Is(err, fs.ErrNotExist) && refused == nil:
			refused = err
		}
	}
	why := "the size of NVIDIA cards' memory and what they counted: " + nvmlProgram + " is not installed; or give nvidia-smi -q -x with --witness"
	if refused != nil {
		why = "the size of NVIDIA cards' memory and what they counted: " + refused.Error()
	}
	f.Without = append(f.Without, why)
}

// trusted says why a program is not started: one that others can write would be theirs,
// with the rights of this process.
func trusted(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("%s is no program", name)
	case info.Mode()&0o022 != 0:
		return fmt.Errorf("%s is not started, because others than its owner may write it", name)
	case !ok || st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%s is not started, because it belongs to another user", name)
	}
	return nil
}

func (f *Full) tpm(o FullOptions) {
	info, err := os.Stat(o.TPM)
	switch {
	case err != nil || info.IsDir():
		// A machine without a TPM is normal.
	case !o.Enrolled:
		f.Without = append(f.Without, "the TPM: nobody said which key of it counts, so that its word would prove nothing: attest enrol, then --enrolled")
	case !o.ByRoot:
		f.Without = append(f.Without, "the TPM: run it as root (sudo)")
	default:
		f.AskTPM = true
		f.Touches = append(f.Touches, "the TPM signs what this machine started ("+o.TPM+")")
	}
}

// askTime is how long NVIDIA's driver may take to answer.
const askTime = time.Minute

// AskNVML starts the program that asks NVIDIA's library, and is what it says.
func AskNVML(ctx context.Context, program string) (*input.File, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env, cmd.Dir, cmd.WaitDelay = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}, "/", time.Second
	out, notes := &capped{most: nvml.Limit}, &capped{most: 4096}
	cmd.Stdout, cmd.Stderr = out, notes
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: no answer: %w", program, ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %s", program, err, strings.Join(strings.Fields(notes.kept.String()), " "))
	case out.over:
		return nil, fmt.Errorf("%s: it said more than %d bytes", program, nvml.Limit)
	}
	return NVMLAnswers(out.kept.Bytes()), nil
}

// NVMLAnswers is what the program said, as a file that was given.
func NVMLAnswers(text []byte) *input.File { return &input.File{Name: nvmlProgram, Data: text} }

// capped keeps what is written up to a limit. The buffer is no part of it by name: its
// own ReadFrom knows no limit.
type capped struct {
	kept bytes.Buffer
	most int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.most - c.kept.Len()
	c.over = c.over || len(p) > room
	c.kept.Write(p[:min(len(p), max(room, 0))])
	return len(p), nil
}
