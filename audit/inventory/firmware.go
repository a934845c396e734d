package inventory

// Firmware is the code that a device brings or is given.
type Firmware struct {
	// ROMs are the expansion ROM images that were read, by source.
	ROMs []ROM `json:"roms,omitempty"`
	// Versions are statements of the VBIOS version by drivers.
	Versions []VersionClaim `json:"versions,omitempty"`
	// Components are run-time firmware versions that a driver reports.
	Components []ComponentVersion `json:"components,omitempty"`
	// Runtime are the firmware files that the bound driver's module declares,
	// sorted by name. Of a module that declares more than 64, as a driver for
	// many chips does, only those that are installed are listed.
	Runtime []RuntimeFile `json:"runtime,omitempty"`
}

// VersionClaim is a VBIOS version and who states it.
type VersionClaim struct {
	Source  string `json:"source"`
	Version string `json:"version"`
}

// ComponentVersion is the version of one firmware component (amdgpu fw_version).
type ComponentVersion struct {
	Component string `json:"component"`
	Version   string `json:"version"`
	Source    string `json:"source"`
}

// RuntimeFile is a firmware file that a driver module declares.
type RuntimeFile struct {
	Name string `json:"name"` // as declared: "amdgpu/navi10_sos.bin"
	// Path is where it was found, nil if it is not installed.
	Path        *string `json:"path,omitempty"`
	Compression *string `json:"compression,omitempty"` // "zst", "xz", nil for none
	Bytes       *uint64 `json:"bytes,omitempty"`       // of the decompressed content
	SHA256      *string `json:"sha256,omitempty"`      // of the decompressed content
}

// ROM is one reading of an expansion ROM.
type ROM struct {
	// Source is how it was read: "sysfs", "vfct", "debugfs"; "file" for a dump that the
	// user gave, "flash" for one that he says is of all of the card's flash.
	Source string `json:"source"`
	// Wrapper is the container in front of the images, nil for none: "nvgi" is
	// NVIDIA's init-from-ROM block, which only a flash dump has.
	Wrapper *string `json:"wrapper,omitempty"`
	Bytes   int     `json:"bytes"`
	SHA256  string  `json:"sha256"`
	SHA384  string  `json:"sha384"`
	// LeadBytes precede the first image (flash dumps of NVIDIA cards).
	LeadBytes int `json:"lead_bytes"`
	// Images are in order of their offset.
	Images []ROMImage `json:"images,omitempty"`
	// Private are the images of NVIDIA's own chain in flash ("VN" header, NPDS
	// structure): microcode and data that no host runs. They may lie inside a
	// PCI image.
	Private []PrivateImage `json:"private,omitempty"`
	// InFlash is how the reading of the kernel lies in this dump of the flash; nil for
	// others, and where the kernel gave none.
	InFlash *ROMInFlash `json:"in_flash,omitempty"`
	// Regions are the ranges before, between and after the images.
	Regions []ROMRegion `json:"regions,omitempty"`
	Faults  []ROMFault  `json:"faults,omitempty"`
	// Version, Part, Board, BuildDate and Vendor are what the bytes themselves
	// state; nil when the format states none or is not understood.
	// BuildDate is a day, YYYY-MM-DD.
	Version   *string `json:"version,omitempty"`
	Part      *string `json:"part,omitempty"`
	BuildDate *string `json:"build_date,omitempty"`
	// ChipText is the name of the chip in an AMD ROM ("POLARIS20"), and BannerChip
	// that in the banner of an NVIDIA ROM, without what follows its number
	// ("GK208"); nil where the text names none. Both are texts: anybody can change
	// them, and one who sells a card as another often forgets them.
	ChipText   *string `json:"chip_text,omitempty"`
	BannerChip *string `json:"banner_chip,omitempty"`
	// BoardID is the id that NVIDIA gives the board's design (BIT token i), four hex
	// digits; nil for other makers. Boards of many makers share one.
	BoardID *string `json:"board_id,omitempty"`
	// Connectors are the sockets that an NVIDIA ROM drives (DCB), in its order: "DP",
	// "HDMI", "DVI-D", "VGA", or two hex digits where the kind is not known.
	Connectors []string `json:"connectors,omitempty"`
	// StableSHA256 is the digest over the ranges that are equal on every card
	// of one firmware version; StableExcludes lists what it leaves out.
	StableSHA256   *string      `json:"stable_sha256,omitempty"`
	StableExcludes []StableSkip `json:"stable_excludes,omitempty"`
	// Subsystem ids that the ROM itself states: the first of Subsystems.
	SubsystemVendorID *string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID *string `json:"subsystem_device_id,omitempty"`
	// Subsystems are all places that state them, the most reliable first.
	Subsystems []SubsystemClaim `json:"subsystems,omitempty"`
	// Texts are the strings that the vendor's tables point at, as they stand,
	// unprintable bytes as spaces.
	Texts []ROMText `json:"texts,omitempty"`
	// Tables are the vendor's tables, in the order of their directory.
	Tables []ROMTable `json:"tables,omitempty"`
	// Memory is the memory that the ROM is made for: one entry for each kind of
	// chip that it can drive. A card has one of them.
	Memory []ROMMemory `json:"memory,omitempty"`
	// Timings are the sets of memory timings of an AMD ROM (VRAM_Info 2.2), by kind of
	// chip and clock.
	Timings []ROMTiming `json:"timings,omitempty"`
	// Power is the limit of the card or of its chip; nil where none is known.
	Power *ROMPower `json:"power,omitempty"`
	// Clocks are those that the ROM lets parts of the card run at.
	Clocks []ROMClocks `json:"clocks,omitempty"`
	// IFR are the init-from-ROM blocks of NVIDIA's flash.
	IFR []ROMInit `json:"ifr,omitempty"`
	// Microcode are the programs for NVIDIA's Falcon processors that the ROM lists.
	Microcode []ROMMicrocode `json:"microcode,omitempty"`
	// PSP is the directory of AMD's platform security processor.
	PSP []PSPEntry `json:"psp,omitempty"`
	// VBT is Intel's video BIOS table: of a ROM with signed partitions, the one that
	// the configuration partition holds.
	VBT *VBT `json:"vbt,omitempty"`
	// Partitions are the signed partitions of Intel's graphics cards, in the order
	// of their images.
	Partitions []ROMPartition `json:"partitions,omitempty"`
}

// States of a [ROMPartition].
const (
	// PartitionAuthentic: the signature of its manifest verifies under a key that is
	// known as Intel's, and all that it covers and was read is as it was signed.
	PartitionAuthentic = "authentic"
	// PartitionChanged: a known key signed it, and what Changed names is not as it
	// was signed.
	PartitionChanged = "changed"
	// PartitionUnknownKey: it names a key that is not known here.
	PartitionUnknownKey = "unknown-key"
	// PartitionUnsigned: it has no manifest, or one without key and signature.
	PartitionUnsigned = "unsigned"
	// PartitionIncomplete: a part of it is not in what was read.
	PartitionIncomplete = "incomplete"
	// PartitionUnreadable: its directory or its manifest cannot be followed.
	PartitionUnreadable = "unreadable"
)

// ROMPartition is a code partition directory ("$CPD") behind an image of Intel's
// with code type f0 (configuration) or f1 (code): a signed manifest, modules, and
// their metadata. A module is an image, or several, of the same chain.
type ROMPartition struct {
	Image  int    `json:"image"`  // index of the image that holds the directory
	Offset int    `json:"offset"` // of the directory
	Name   string `json:"name"`   // "OROM"
	// State is one of the Partition constants. The fields behind KeySHA256 are what
	// the signed manifest states; they are nil unless a known key signed it.
	State string `json:"state"`
	// Key names the known key that signed the manifest: "DG2". KeySHA256 is of the
	// modulus that the partition states, as it is stored; nil where it states none.
	Key       *string `json:"key,omitempty"`
	KeySHA256 *string `json:"key_sha256,omitempty"`
	// Changed names what is not as it was signed: an entry of the directory ("CODE",
	// "CODE.met", "OROM.man"), "key", "directory", or "padding", which is all the rest.
	Changed []string `json:"changed,omitempty"`
	Version *string  `json:"version,omitempty"` // "20.1079.0.0"
	Date    *string  `json:"date,omitempty"`    // YYYY-MM-DD
	// Bytes is how many from Offset on the signature covers, the manifest aside.
	// Whole says that all of them were read and are as they were signed, a blank end
	// that a reader cut off included; nil where more than that is missing.
	Bytes *int  `json:"bytes,omitempty"`
	Whole *bool `json:"whole,omitempty"`
	// Modules are those that the manifest names and that the directory has.
	Modules []ROMModule `json:"modules,omitempty"`
	// Boards are those that the partition is for; none for one that is for all.
	Boards []ROMBoard `json:"boards,omitempty"`
}

// ROMModule is a module of a signed partition.
type ROMModule struct {
	Name   string `json:"name"` // "CODE", "VBT"
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
	// Matches says that the module has the digest that was signed; nil where not all
	// of it was read.
	Matches *bool `json:"matches,omitempty"`
}

// ROMBoard is a board that a partition is for. VendorID and DeviceID are nil where
// the partition names the subsystem alone.
type ROMBoard struct {
	VendorID          *string `json:"vendor_id,omitempty"`
	DeviceID          *string `json:"device_id,omitempty"`
	SubsystemVendorID string  `json:"subsystem_vendor_id"`
	SubsystemDeviceID string  `json:"subsystem_device_id"`
}

// VBT is Intel's video BIOS table: which displays are wired, and how.
type VBT struct {
	Offset int `json:"offset"`
	Bytes  int `json:"bytes"`
	// Product is the text behind the mark: the platform ("ALDERLAKE").
	Product string `json:"product"`
	// Version is that of the header, DataVersion that of the BIOS data block.
	Version     int `json:"version"`
	DataVersion int `json:"data_version"`
	// Sum is the 8-bit sum over the table, 0 where its checksum holds. Many that
	// makers publish do not sum to zero, and drivers do not look.
	Sum    int        `json:"sum"`
	Blocks []VBTBlock `json:"blocks,omitempty"`
	// Outputs counts the displays that are wired, nil where no block says so.
	Outputs *int `json:"outputs,omitempty"`
}

// VBTBlock is one block of the BIOS data block.
type VBTBlock struct {
	ID     int `json:"id"`
	Offset int `json:"offset"` // within the table
	Bytes  int `json:"bytes"`
}

// ROMMemory is a kind of memory that a ROM supports.
type ROMMemory struct {
	Place  string `json:"place"` // the table: "bit.M", "atom.VRAM_Info"
	Offset int    `json:"offset"`
	// Strap is the strapping that selects this entry, nil where the table has none.
	Strap *int   `json:"strap,omitempty"`
	Type  string `json:"type"` // "GDDR5", or two hex digits where it is not known
	// VendorCode is the maker's code that the chips themselves answer with (one
	// hex digit); Vendor is its name, nil where it is not known.
	VendorCode string  `json:"vendor_code"`
	Vendor     *string `json:"vendor,omitempty"`
	// MiB is the whole card's memory; BusBits is the width to all chips.
	MiB     *int    `json:"mib,omitempty"`
	BusBits *int    `json:"bus_bits,omitempty"`
	Part    *string `json:"part,omitempty"` // of the chip
}

// ROMTiming is a set of memory timings.
type ROMTiming struct {
	Place  string `json:"place"` // the table: "atom.VRAM_Info"
	Offset int    `json:"offset"`
	Module int    `json:"module"` // the kind of chip, as the table counts
	MHz    int    `json:"mhz"`    // up to this memory clock
	// SameAsMHz is the next slower clock where its set is the same to the byte, 0 where
	// it differs.
	SameAsMHz int `json:"same_as_mhz"`
}

// ROMPower is a limit of power, in milliwatts.
type ROMPower struct {
	Place  string `json:"place"` // the table: "bit.P.power"
	Offset int    `json:"offset"`
	// Of is what is limited: "card", or "chip" without its memory and regulators.
	Of string `json:"of"`
	// Min and Max bound what a user may set, Default is what counts without that.
	Min     int `json:"min_mw"`
	Default int `json:"default_mw"`
	Max     int `json:"max_mw"`
}

// ROMClocks are the clocks of one part of a card that a driver chooses from, in MHz, as
// the table orders them: the slowest first.
type ROMClocks struct {
	Place  string `json:"place"` // the table: "atom.PowerPlayInfo"
	Offset int    `json:"offset"`
	Of     string `json:"of"` // "memory", "engine"
	MHz    []int  `json:"mhz"`
	// LineMbps is what one data line of the memory carries at the fastest of them, 10^6
	// bits per second; nil for other parts, and where the kind of memory is not known.
	LineMbps *int `json:"line_mbps,omitempty"`
}

// ROMInit is an init-from-ROM block ("NVGI"): registers that the chip sets
// before any code runs, and where the images begin.
type ROMInit struct {
	Offset     int `json:"offset"`
	Version    int `json:"version"`
	FixedBytes int `json:"fixed_bytes"`
	Bytes      int `json:"bytes"`
	// Directory is the offset of the ROM directory ("RFRD", version 3); Images
	// that of the first image as the block has it. Nil where it states none.
	Directory *int `json:"directory,omitempty"`
	Images    *int `json:"images,omitempty"`
}

// ROMMicrocode is a program for a Falcon processor.
type ROMMicrocode struct {
	Offset      int    `json:"offset"`      // of its descriptor
	Application string `json:"application"` // two hex digits: 85 is FWSEC, 45 its debug build
	Target      string `json:"target"`      // the processor, two hex digits
	// Descriptor is the version of the descriptor. Later fields are nil where
	// this version does not have them, or is not understood.
	Descriptor int  `json:"descriptor"`
	Bytes      *int `json:"bytes,omitempty"` // stored, behind the descriptor
	// Signatures is the number of RSA signatures; SignatureVersions has a bit
	// for the fuse version that each of them is for, four hex digits. They can be
	// checked only by the hardware, whose keys are not public.
	Signatures        *int    `json:"signatures,omitempty"`
	SignatureVersions *string `json:"signature_versions,omitempty"`
	EngineMask        *string `json:"engine_mask,omitempty"`
	ID                *int    `json:"id,omitempty"`
}

// PSPEntry is an entry of the directory of AMD's platform security processor.
type PSPEntry struct {
	// Directory is the mark of the one that lists it: "$PSP"; "" in reports of older
	// versions. The others number their types for themselves.
	Directory string `json:"directory,omitempty"`
	Type      string `json:"type"` // two hex digits
	Offset    int    `json:"offset"`
	Bytes     int    `json:"bytes"`
	// Read says that all of it is in what was read; the ROM BAR gives less than
	// the flash holds.
	Read bool `json:"read"`
	// Signed and Encrypted are what the header of the blob ("$PS1") says, and Key
	// the id of the signing key; nil where the entry has no such header.
	Signed    *bool   `json:"signed,omitempty"`
	Encrypted *bool   `json:"encrypted,omitempty"`
	Key       *string `json:"key,omitempty"`
	// State is what the signature of a signed blob is worth, one of the PSP constants;
	// nil where the directory's key was not read.
	State *string `json:"state,omitempty"`
	// KeySHA256 is of the modulus of the directory's key (type 00), as it is stored, and
	// KnownKey the chip whose key it is known as; nil for other entries and keys.
	KeySHA256 *string `json:"key_sha256,omitempty"`
	KnownKey  *string `json:"known_key,omitempty"`
}

// States of a signed [PSPEntry].
const (
	// PSPAuthentic: the signature verifies under a key that is known as AMD's.
	PSPAuthentic = "authentic"
	// PSPEncrypted: the signature was made with such a key, and over what can be read by
	// the chip alone.
	PSPEncrypted = "encrypted"
	// PSPChanged: it names such a key, and the blob or its signature is not as signed.
	PSPChanged = "changed"
	// PSPOtherKey: it names another key than the directory's.
	PSPOtherKey = "other-key"
	// PSPUnknownKey: the directory's key is not known here.
	PSPUnknownKey = "unknown-key"
)

// ROMText is a string of a vendor's table.
type ROMText struct {
	Name   string `json:"name"` // "version", "part", "banner", "board", "copyright", ...
	Offset int    `json:"offset"`
	Text   string `json:"text"`
}

// ROMTable is a table that a vendor's directory (BIT, ATOM) lists.
type ROMTable struct {
	Name     string `json:"name"` // "bit.i", "atom.VRAM_Info"
	Offset   int    `json:"offset"`
	Bytes    int    `json:"bytes"`
	Revision string `json:"revision"` // "2", "2.1"
	SHA256   string `json:"sha256"`
}

// SubsystemClaim is one statement of the subsystem ids inside a ROM.
type SubsystemClaim struct {
	Place    string `json:"place"` // "npde", "legacy", "nvgi", "atom"
	Offset   int    `json:"offset"`
	VendorID string `json:"vendor_id"`
	DeviceID string `json:"device_id"`
}

// PrivateImage is an image of a vendor's own chain.
type PrivateImage struct {
	Offset   int    `json:"offset"`
	Bytes    int    `json:"bytes"`
	CodeType string `json:"code_type"`
	VendorID string `json:"vendor_id"`
	DeviceID string `json:"device_id"`
	Last     bool   `json:"last"`
	Sum      int    `json:"sum"` // 8-bit; not every kind is meant to be zero
	SHA256   string `json:"sha256"`
}

// ROMInFlash compares the ROM that the kernel reads through a card's window with a dump of
// the whole flash.
type ROMInFlash struct {
	// Found says that the flash has an image where the reading may begin; Offset is that
	// of those with the fewest bytes that differ. Bytes are compared from there on.
	Found  bool `json:"found"`
	Offset int  `json:"offset"`
	Bytes  int  `json:"bytes"`
	// Changed is how many of them differ. Short says that the flash ends before the
	// reading does.
	Changed int  `json:"changed"`
	Short   bool `json:"short"`
	// Differing names what of the flash they lie in: an image or a region, and the tables
	// in it. At most 16.
	Differing []string `json:"differing,omitempty"`
	// Unseen is what the window does not show and that is not blank; UnseenBytes is how
	// much that is. At most 64.
	Unseen      []ROMPart `json:"unseen,omitempty"`
	UnseenBytes int       `json:"unseen_bytes"`
}

// ROMPart is a named range of a ROM.
type ROMPart struct {
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
}

// NPDE is NVIDIA's extension of the PCI data structure. Its length and flag
// may differ from the PCIR's, because they describe the private chain.
type NPDE struct {
	Offset   int    `json:"offset"`
	Revision string `json:"revision"` // "1.1"
	Bytes    int    `json:"bytes"`    // of the sub-image
	Last     bool   `json:"last"`
}

// StableSkip is a range that the stable digest leaves out.
type StableSkip struct {
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// ROMRegion is a range of a ROM that is no image.
type ROMRegion struct {
	Kind     string `json:"kind"` // "lead", "gap", "tail"; "opaque" for a ROM without an image; "copy" of all that precedes it
	Offset   int    `json:"offset"`
	Bytes    int    `json:"bytes"`
	NonBlank int    `json:"non_blank"` // bytes that are neither 00 nor ff
	// EntropyBits is the Shannon entropy, bits per byte, two decimals.
	EntropyBits float64 `json:"entropy_bits"`
	// DenseBytes are those of it that look compressed or encrypted (7.2 bits per
	// byte and more, or bytes that repeat as rarely as random ones) and that no
	// table names: no entry of AMD's PSP directory has them, and they do not follow
	// an init block of NVIDIA's flash.
	DenseBytes int `json:"dense_bytes"`
	// Executables counts headers of PE and ELF programs in it.
	Executables int    `json:"executables"`
	SHA256      string `json:"sha256"`
	// ContentBytes ends with the last byte that is neither 00 nor ff, and
	// ContentSHA256 is of the bytes up to there; absent where all are blank. It is
	// the same however much padding a reader leaves or adds.
	ContentBytes  int    `json:"content_bytes"`
	ContentSHA256 string `json:"content_sha256,omitempty"`
}

// ROMFault is a defect of a ROM's structure.
type ROMFault struct {
	Kind   string `json:"kind"`
	Offset int    `json:"offset"`
	Detail string `json:"detail"`
}

// ROMImage is one image of a PCI expansion ROM (PCI Firmware Specification
// 3.3, section 5.1).
type ROMImage struct {
	Index  int `json:"index"`
	Offset int `json:"offset"`
	// Bytes is the PCIR image length, or what is left of the ROM where a fault
	// says that the image is truncated.
	Bytes int `json:"bytes"`
	// Chain is 0 for the chain that a host follows; images that were found
	// behind its end (copies, vendor data) count up from 1.
	Chain int `json:"chain"`
	// PCIRRevision is the PCI data structure revision: 0 (PCI 2.x) or 3.
	PCIRRevision int `json:"pcir_revision"`
	// RuntimeBytes is the maximum run-time length (PCI 3.0), nil for none.
	RuntimeBytes *int  `json:"runtime_bytes,omitempty"`
	NPDE         *NPDE `json:"npde,omitempty"`
	// CodeType is the PCIR code type, two hex digits: 00 legacy x86, 01 Open
	// Firmware, 03 EFI, others are the vendor's.
	CodeType  string   `json:"code_type"`
	VendorID  string   `json:"vendor_id"`
	DeviceID  string   `json:"device_id"`
	DeviceIDs []string `json:"device_ids,omitempty"` // PCI 3.0 device list
	ClassCode string   `json:"class_code"`
	// Last is the image's last flag (PCIR offset 0x15 bit 7).
	Last bool `json:"last"`
	// Sum is the 8-bit sum of the image. SumRequired says that the format
	// demands zero: whole legacy images and NVIDIA's whole EFI images.
	Sum         int    `json:"sum"`
	SumRequired bool   `json:"sum_required"`
	SHA256      string `json:"sha256"`
	SHA384      string `json:"sha384"`
	// Directory is the vendor's own table of tables in a legacy image, without
	// which none of its drivers finds anything: "bit" (NVIDIA), "bmp" (NVIDIA,
	// before 2004), "atom" (AMD), "ati" (ATI, before 2005); "none" where a whole
	// legacy image that names NVIDIA or AMD has none of these, nil for all others.
	Directory *string `json:"directory,omitempty"`
	// Partition is the index of the partition that covers the image: the image lies
	// in one of its modules, where the chain of images enters it from its start. Nil
	// for an image that no signed partition covers.
	Partition *int      `json:"partition,omitempty"`
	EFI       *EFIImage `json:"efi,omitempty"`
}
