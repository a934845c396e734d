package rules_test

import (
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// honest is a card and a host of which every fact was read and is good.
func honest() *facts.Facts {
	uncovered := facts.Verdict{State: facts.NotCovered, Reason: "no manifest covers this device"}
	return &facts.Facts{
		Schema: facts.Schema, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		Question: facts.Purpose{Jurisdiction: new("US"), Profile: new("company"), Origin: new("TW"),
			Purchase: &facts.Purchase{Seller: new("Example"), HTS: new("8473.30.1180"), ComponentMakers: []string{"TSMC"}, EndUseSHA256: new("aa")}},
		Host: honestHost(), Device: honestDevice(), Catalogue: honestCatalogue(),
		Reference: &facts.Reference{Firmware: uncovered, Driver: uncovered, Functions: uncovered, Memory: uncovered, Windows: uncovered, Place: uncovered, Shared: []facts.Shared{}},
		Evidence:  &facts.Evidence{CollectedOn: "2026-11-24"},
		DataSets: []facts.DataSet{
			{Name: "catalogue", Date: "2026-11-01", AgeDays: 23, SHA256: "aa"},
			{Name: "restrictions", Date: "2026-11-01", AgeDays: 23, SHA256: "bb"},
			{Name: "pci-ids", Date: "2026-11-01", AgeDays: 23, SHA256: "cc"},
			{Name: "rules", Date: "2026-11-01", AgeDays: 23, SHA256: "dd"},
		},
	}
}

func honestHost() inventory.Host {
	return inventory.Host{
		DMI: inventory.DMI{SystemVendor: new("Example"), ProductName: new("Server"), ChassisType: new(23)},
		Kernel: inventory.Kernel{
			Release: new("6.1.0"), Switches: []inventory.Switch{{Name: "ro"}, {Name: "root", Value: new("/dev/sda1")}},
			Tainted: new(uint64(0)), TaintFlags: new(""), Lockdown: new("integrity"),
		},
		Boot: inventory.Boot{Mode: new("uefi"), SecureBoot: new(true), SetupMode: new(false),
			DB: &inventory.SignatureDatabase{}, DBX: &inventory.SignatureDatabase{Digests: 1}},
		IOMMU: inventory.IOMMU{Enabled: new(true), Units: []string{"dmar0"}, Groups: new(30), DefaultDomain: new("DMA-FQ")},
		TPM:   inventory.TPM{Present: new(true), Version: new("2.0")}, FunctionsSeen: new(40),
	}
}

func honestDevice() *inventory.Device {
	return &inventory.Device{
		Address: "0000:01:00.0", Kind: inventory.KindDisplay,
		PCI: inventory.PCI{
			VendorID: new("10de"), DeviceID: new("2684"), SubsystemVendorID: new("1043"), SubsystemDeviceID: new("889a"),
			RevisionID: new("a1"), ClassCode: new("030000"), DRMNodes: []string{"card0"}, PowerState: new("D0"),
			BARs:       []inventory.BAR{{Index: 0, Bytes: 16 << 20, Kind: "memory"}, {Index: 1, Bytes: 32 << 30, Kind: "memory", Is64Bit: true}, {Index: 6, Bytes: 1 << 19, Kind: "rom"}},
			Link:       &inventory.Link{CurrentSpeedGTs: new(16.0), MaxSpeedGTs: new(16.0), CurrentWidth: new(16), MaxWidth: new(16)},
			IOMMUGroup: &inventory.IOMMUGroup{ID: "12", Type: new("DMA-FQ"), Members: []string{"0000:01:00.1"}},
			Config: &inventory.Config{BytesRead: 4096, Size: new(4096), ATSEnabled: new(false),
				Capabilities: []inventory.Capability{{ID: "10", Name: "PCI Express", Offset: 0x78}}},
		},
		Functions: []inventory.Function{{Address: "0000:01:00.1", VendorID: new("10de"), DeviceID: new("22ba"), ClassCode: new("040300")}},
		Bridges: []inventory.Function{{Address: "0000:00:01.0", VendorID: new("8086"), DeviceID: new("a70d"), ClassCode: new("060400"), ACSEnabled: new(true),
			Link: &inventory.Link{CurrentWidth: new(16), MaxWidth: new(16)}}},
		Firmware: inventory.Firmware{
			ROMs:     []inventory.ROM{honestROM()},
			Versions: []inventory.VersionClaim{{Source: "nvidia", Version: "95.02.18.80.87"}},
		},
		Driver: &inventory.Driver{Name: "nouveau", BuiltIn: new(false), Module: &inventory.Module{
			Name: "nouveau", SrcVersion: new("AAAA"), Taint: new(""),
			File: &inventory.ModuleFile{
				Path: "lib/modules/6.1.0/nouveau.ko", Bytes: 10, SHA256: "11", ContentSHA256: "11", SrcVersion: new("AAAA"), InTree: new(true),
				Signature: &inventory.ModuleSignature{Present: true, Signer: new("Debian")}, PackageOwned: new(true),
				Package: &inventory.Package{Manager: "dpkg", Name: "linux-image", Digest: new("match")},
			},
		}},
		Memory:    []inventory.MemoryClaim{{Source: "nvidia", Bytes: 24564 << 20}},
		Identity:  []inventory.IdentityClaim{{Kind: "gpu-uuid", Source: "nvidia", Value: "GPU-1"}},
		Witnesses: []inventory.Witness{{Name: "ghw"}},
		Health: []inventory.HealthClaim{
			{Kind: inventory.MemoryUncorrected, Source: "nvml"}, {Kind: inventory.PCIeReplays, Source: "nvml"},
			{Kind: inventory.PCIeCorrectable, Source: "aer"}, {Kind: inventory.PCIeNonFatal, Source: "aer"}, {Kind: inventory.PCIeFatal, Source: "aer"},
		},
	}
}

func honestROM() inventory.ROM {
	return inventory.ROM{
		Source: "sysfs", Bytes: 131072, SHA256: "22", SHA384: "33", Version: new("95.02.18.80.87"), BuildDate: new("2022-09-27"), StableSHA256: new("44"),
		SubsystemVendorID: new("1043"), SubsystemDeviceID: new("889a"),
		Texts:     []inventory.ROMText{{Name: "banner", Offset: 1, Text: "AD102 VGA BIOS"}},
		Regions:   []inventory.ROMRegion{{Kind: "tail", Offset: 131000, Bytes: 72, SHA256: "00"}},
		Microcode: []inventory.ROMMicrocode{{Offset: 2, Application: "45"}, {Offset: 3, Application: "85"}},
		Images: []inventory.ROMImage{
			{Index: 0, Bytes: 65536, CodeType: "00", VendorID: "10de", DeviceID: "2684", ClassCode: "030000", SumRequired: true, SHA256: "55", SHA384: "66", Directory: new("bit")},
			{Index: 1, Offset: 65536, Bytes: 65536, CodeType: "03", VendorID: "0000", DeviceID: "0000", ClassCode: "000000", Last: true, SumRequired: true, SHA256: "77", SHA384: "88",
				EFI: &inventory.EFIImage{Machine: "x64", Subsystem: "boot-service-driver", PEMachine: new("x64"), PESubsystem: new("boot-service-driver"), Compression: 1,
					Format:  new("pe"),
					Display: &inventory.EFIDriver{Maker: "10de", Name: "NVIDIA GPU UEFI Driver", Family: new("ad1xx"), Version: new("0x70003"), Built: new("2022-08-30")},
					Front:   new(inventory.EFIRoom), Slack: new(inventory.EFIRoom), Overlay: new(inventory.EFIRoom), Certificate: new(inventory.EFIRoom), AuthenticodeSHA256: new("99"),
					Signed: new(true), DigestMatches: new(true), SignatureValid: new(true), Signer: new("CN=Signer"), InDB: new(true), InDBX: new(false),
					Chain: &inventory.SignatureChain{Anchor: new("Microsoft Option ROM UEFI CA 2023"), AnchorNotAfter: new(time.Date(2038, 10, 26, 19, 12, 20, 0, time.UTC)), Path: []string{"aa"}}}},
		},
	}
}

func honestCatalogue() *catalogue.Facts {
	return &catalogue.Facts{
		Accelerator: &catalogue.Accelerator{
			VendorID: "10de", DeviceID: "2684", Name: "GeForce RTX 4090", MemoryMiB: []int{24576}, MemoryComplete: new(true), LaunchDate: new("2022-10-12"), Architecture: new("Ada Lovelace"),
			BusWidth: new(384), DieMM2: new(609.0), TPP: new(5285.0), PCIeGen: new(4), PCIeLanes: new(16),
			DesignHQCountry: new("US"), FabCountry: new("TW"), IDConfidence: "high", Source: "test",
		},
		Maker:      &catalogue.Maker{VendorID: "10de", Name: "NVIDIA", HQCountry: new("US"), Source: "test"},
		BoardMaker: &catalogue.BoardMaker{VendorID: "1043", Name: "ASUS", Source: "test"}, BoardListed: new(true),
	}
}
