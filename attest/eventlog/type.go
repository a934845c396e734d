package eventlog

import "fmt"

// Type is an event type (PFP 1.06, section 10.4.1, table 27).
type Type uint32

const (
	PrebootCert          Type = 0x00000000
	PostCode             Type = 0x00000001
	NoAction             Type = 0x00000003
	Separator            Type = 0x00000004
	Action               Type = 0x00000005
	EventTag             Type = 0x00000006
	CRTMContents         Type = 0x00000007
	CRTMVersion          Type = 0x00000008
	CPUMicrocode         Type = 0x00000009
	PlatformConfigFlags  Type = 0x0000000a
	TableOfDevices       Type = 0x0000000b
	CompactHash          Type = 0x0000000c
	IPL                  Type = 0x0000000d
	IPLPartitionData     Type = 0x0000000e
	NonhostCode          Type = 0x0000000f
	NonhostConfig        Type = 0x00000010
	NonhostInfo          Type = 0x00000011
	OmitBootDevices      Type = 0x00000012
	PostCode2            Type = 0x00000013
	EFIVariableConfig    Type = 0x80000001
	EFIVariableBoot      Type = 0x80000002
	EFIBootApplication   Type = 0x80000003
	EFIBootDriver        Type = 0x80000004
	EFIRuntimeDriver     Type = 0x80000005
	EFIGPT               Type = 0x80000006
	EFIAction            Type = 0x80000007
	EFIFirmwareBlob      Type = 0x80000008
	EFIHandoffTables     Type = 0x80000009
	EFIFirmwareBlob2     Type = 0x8000000a
	EFIHandoffTables2    Type = 0x8000000b
	EFIVariableBoot2     Type = 0x8000000c
	EFIGPT2              Type = 0x8000000d
	EFIHCRTM             Type = 0x80000010
	EFIVariableAuthority Type = 0x800000e0
	EFISPDMBlob          Type = 0x800000e1
	EFISPDMConfig        Type = 0x800000e2
	EFISPDMPolicy        Type = 0x800000e3
	EFISPDMAuthority     Type = 0x800000e4
)

var typeNames = map[Type]string{
	PrebootCert: "EV_PREBOOT_CERT", PostCode: "EV_POST_CODE", NoAction: "EV_NO_ACTION", Separator: "EV_SEPARATOR",
	Action: "EV_ACTION", EventTag: "EV_EVENT_TAG", CRTMContents: "EV_S_CRTM_CONTENTS", CRTMVersion: "EV_S_CRTM_VERSION",
	CPUMicrocode: "EV_CPU_MICROCODE", PlatformConfigFlags: "EV_PLATFORM_CONFIG_FLAGS", TableOfDevices: "EV_TABLE_OF_DEVICES",
	CompactHash: "EV_COMPACT_HASH", IPL: "EV_IPL", IPLPartitionData: "EV_IPL_PARTITION_DATA", NonhostCode: "EV_NONHOST_CODE",
	NonhostConfig: "EV_NONHOST_CONFIG", NonhostInfo: "EV_NONHOST_INFO", OmitBootDevices: "EV_OMIT_BOOT_DEVICE_EVENTS",
	PostCode2: "EV_POST_CODE2", EFIVariableConfig: "EV_EFI_VARIABLE_DRIVER_CONFIG", EFIVariableBoot: "EV_EFI_VARIABLE_BOOT",
	EFIBootApplication: "EV_EFI_BOOT_SERVICES_APPLICATION", EFIBootDriver: "EV_EFI_BOOT_SERVICES_DRIVER",
	EFIRuntimeDriver: "EV_EFI_RUNTIME_SERVICES_DRIVER", EFIGPT: "EV_EFI_GPT_EVENT", EFIAction: "EV_EFI_ACTION",
	EFIFirmwareBlob: "EV_EFI_PLATFORM_FIRMWARE_BLOB", EFIHandoffTables: "EV_EFI_HANDOFF_TABLES",
	EFIFirmwareBlob2: "EV_EFI_PLATFORM_FIRMWARE_BLOB2", EFIHandoffTables2: "EV_EFI_HANDOFF_TABLES2",
	EFIVariableBoot2: "EV_EFI_VARIABLE_BOOT2", EFIGPT2: "EV_EFI_GPT_EVENT2", EFIHCRTM: "EV_EFI_HCRTM_EVENT",
	EFIVariableAuthority: "EV_EFI_VARIABLE_AUTHORITY", EFISPDMBlob: "EV_EFI_SPDM_FIRMWARE_BLOB",
	EFISPDMConfig: "EV_EFI_SPDM_FIRMWARE_CONFIG", EFISPDMPolicy: "EV_EFI_SPDM_DEVICE_POLICY", EFISPDMAuthority: "EV_EFI_SPDM_DEVICE_AUTHORITY",
}

// String is the specification's name, or the number of a type it does not name.
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("EV_%#08x", uint32(t))
}

// Known says that the specification names the type.
func (t Type) Known() bool { _, ok := typeNames[t]; return ok }
