package inventory

import "strings"

// TableUse says what a vendor's table does; "" where that is not known.
func TableUse(name string) string {
	switch name {
	case "bit.P.perf":
		return "clocks of each performance level"
	case "bit.P.rammap":
		return "settings of the memory by its clock"
	case "bit.P.timing":
		return "timings of the memory"
	case "bit.P.power":
		return "limits of power"
	case "bit.M.type":
		return "kinds of memory by strap"
	case "bit.I":
		return "scripts that set the chip up"
	case "bit.p":
		return "programs of the chip's processors"
	case "dcb":
		return "outputs"
	case "dcb.connectors":
		return "sockets"
	case "atom.PowerPlayInfo":
		return "clocks, voltages, limits of power and fans"
	case "atom.VRAM_Info":
		return "memory chips and their timings"
	case "atom.FirmwareInfo":
		return "clocks at the start"
	case "atom.IntegratedSystemInfo":
		return "the machine's memory and displays"
	case "vbt":
		return "which displays are wired"
	case "psp.directory":
		return "what the security processor loads"
	}
	switch {
	case strings.HasPrefix(name, "atom.command["):
		return "code that the driver runs"
	case strings.HasPrefix(name, "psp."):
		return "a program of the security processor"
	}
	return ""
}
