package firmware

// The device control block of NVIDIA's ROMs, version 3.0 to 4.1, and the table of
// connectors that it points at (NVIDIA's public "Device Control Block 4.x Specification",
// open-gpu-doc; Linux, drivers/gpu/drm/nouveau/nvkm/subdev/bios/dcb.c, conn.c and
// include/nvkm/subdev/bios/conn.h). All of 42 dumps have it.
const (
	dcbPointer      = 0x36
	dcbHeader       = 0x16
	dcbMark         = 0x4edcbdcb
	dcbMarkAt       = 6
	dcbConnectors   = 0x14
	connectorHeader = 4
	maxConnectors   = 32
	noConnector     = 0xff
)

// connectors lists the sockets.
func (l *legacy) connectors() {
	dcb := l.u16(dcbPointer)
	if dcb == 0 || dcb+dcbHeader > len(l.b) {
		return
	}
	version := l.b[dcb]
	if version < 0x30 || version > 0x41 || l.p.u32(l.base+dcb+dcbMarkAt) != dcbMark || int(l.b[dcb+1]) < dcbHeader {
		return
	}
	l.table("dcb", dcb, int(l.b[dcb+1])+int(l.b[dcb+2])*int(l.b[dcb+3]), nibbles(version))
	at := l.u16(dcb + dcbConnectors)
	if at == 0 || at+connectorHeader > len(l.b) {
		return
	}
	header, count, size := int(l.b[at+1]), int(l.b[at+2]), int(l.b[at+3])
	if header < connectorHeader || size == 0 || count > maxConnectors || at+header+count*size > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+at, "DCB: the table of %d connectors of %d bytes does not fit", count, size)
		return
	}
	l.table("dcb.connectors", at, header+count*size, nibbles(l.b[at]))
	for i := range count {
		if kind := l.b[at+header+i*size]; kind != noConnector {
			l.p.rom.Connectors = append(l.p.rom.Connectors, connector(kind))
		}
	}
}

// connector names a kind of socket.
func connector(kind byte) string {
	switch kind {
	case 0x00:
		return "VGA"
	case 0x10, 0x11, 0x13:
		return "TV"
	case 0x30:
		return "DVI-I"
	case 0x31:
		return "DVI-D"
	case 0x38, 0x39, 0x64, 0x65:
		return "DMS-59"
	case 0x40, 0x41:
		return "LVDS"
	case 0x46:
		return "DP"
	case 0x47:
		return "eDP"
	case 0x48:
		return "mini-DP"
	case 0x60, 0x61, 0x63:
		return "HDMI"
	case 0x70:
		return "wireless"
	case 0x71:
		return "USB-C"
	}
	return hexBytes(kind)
}
