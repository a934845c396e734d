package machine

import "os"

// Full is how all is read that a machine and the rights of this process allow.
type Full struct {
	// ReadROM says that the ROMs can be read.
	ReadROM bool
	// AskTPM says that the TPM is asked.
	AskTPM bool
	// Touches says what is done that leaves a trace or takes time, Without what stays
	// unread, why, and what would mend it.
	Touches, Without []string
}

// FullOptions are what a full reading is planned from.
type FullOptions struct {
	// NVML says how NVIDIA's library is asked.
	NVML NVMLPlan
	// ByRoot says that this process is root's.
	ByRoot bool
	// TPM is the device of the TPM, Enrolled that somebody said which key of it counts.
	TPM      string
	Enrolled bool
}

// PlanFull says how all of a machine is read. Of another machine than this one, what was
// recorded is read, and nothing is asked.
func PlanFull(s Source, o FullOptions) Full {
	if s.Elsewhere() {
		return Full{Without: []string{"nothing can be asked of another machine: its driver's answers come with --nvml or --witness, its TPM's with --evidence"}}
	}
	var f Full
	f.rom(o)
	switch {
	case o.NVML.Program != "":
		f.Touches = append(f.Touches, "NVIDIA's driver is asked by "+o.NVML.Program)
	case o.NVML.Why != "":
		f.Without = append(f.Without, "the size of NVIDIA cards' memory and what they counted: "+o.NVML.Why)
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
