package eventlog

import (
	"encoding/binary"
	"fmt"
)

// GUID is an EFI_GUID in the order of its bytes in memory (UEFI 2.10, appendix A).
type GUID [16]byte

func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[:]), binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}
