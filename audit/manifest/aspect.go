package manifest

// Differ says that cards state an aspect differently.
func Differ(cards []Card, aspect Aspect) bool {
	m := merger{cards: cards}
	m.board()
	m.firmware()
	m.rest()
	for _, q := range m.open {
		if q.Aspect == aspect {
			return true
		}
	}
	return false
}

// Leave takes an aspect out of what is stated. The board stays: a manifest covers named
// devices.
func (p *Predicate) Leave(aspect Aspect) {
	switch aspect {
	case AspectROM, AspectFirmware:
		p.Firmware = p.OfKind(RuntimeFile)
	case AspectRuntime:
		p.Firmware = p.OfKind(OptionROM)
	case AspectDriver:
		p.Drivers = nil
	case AspectFunctions:
		p.Functions = nil
	case AspectMemory:
		p.MemoryMiB = nil
	case AspectWindows:
		p.Windows = nil
	}
}
