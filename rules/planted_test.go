package rules_test

import (
	"maps"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// inputs are the honest host, hosts with one fault planted for each rule, and
// hosts of which little or nothing could be read.
func inputs() map[string]*facts.Facts {
	all := map[string]*facts.Facts{
		"honest":        honest(),
		"planted":       planted(),
		"planted again": plantedAgain(),
		"planted early": plantedEarly(),
		"swapped":       swapped(),
		"dark":          dark(),
		"unread":        unread(),
		"bare":          bare(),
		"refused":       refused(),
		"switched":      switched(),
	}
	for name, f := range map[string]*facts.Facts{"honest": honest(), "planted": planted(), "planted again": plantedAgain(), "unread": unread(), "bare": bare()} {
		all[name+" host"] = hostOnly(f)
	}
	maps.Copy(all, attestedInputs())
	maps.Copy(all, gpuInputs())
	return all
}

func hostOnly(f *facts.Facts) *facts.Facts {
	f.Device, f.Catalogue, f.Reference = nil, nil, nil
	return f
}

// planted has one fault for each rule, so that taking one fact away can undo it.
func planted() *facts.Facts {
	f := honest()
	d := f.Device
	f.Question.Profile, f.Question.Origin, f.Question.Purchase.ComponentMakers = new("federal-contractor"), new("CN"), []string{"YMTC"}
	f.Evidence.AgeDays = 400
	f.Now = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Host.Software = []inventory.SoftwareFile{
		{Path: "usr/bin/nvidia-modprobe", Role: inventory.SoftwareSetuid, Root: true, SHA256: new("aa"), PackageOwned: new(true), Package: &inventory.Package{Manager: "dpkg", Name: "nvidia-modprobe", Digest: new("mismatch")}},
		{Path: "etc/systemd/system/card.service", Role: inventory.SoftwareService, Root: true, SHA256: new("bb"), PackageOwned: new(false)},
		{Path: "usr/bin/nvidia-container-runtime-hook", Role: inventory.SoftwareHook, Root: true, SHA256: new("cc"), PackageOwned: new(true), Package: &inventory.Package{Manager: "dpkg", Name: "nvidia-container-toolkit", Version: new("1.16.1-1"), Digest: new("match")}},
	}
	bad := facts.Verdict{State: facts.Mismatch, Reason: "differs", Differences: []facts.Difference{{Fact: "/x", Expected: "a", Actual: "b"}}}
	f.Reference = &facts.Reference{Firmware: bad, Runtime: bad, Driver: bad, Functions: bad, Memory: bad, Windows: bad, Place: bad,
		Shared:    []facts.Shared{{Kind: "gpu-uuid", With: []string{"0000:02:00.0"}}},
		Sightings: []facts.Sighting{{By: "image", Owners: 1, Modified: 1, Places: []string{"a/b@1:f"}}}}
	images := d.Firmware.ROMs[0].Images
	images[0].Sum = 7
	images[0].DeviceID = "1111"
	images[1].EFI.DigestMatches = new(false)
	images[1].EFI.InDBX = new(true)
	images[1].EFI.PESubsystem = new("application")
	images[1].EFI.Slack = &inventory.EFIRoom{Offset: 70000, Bytes: 4600, NonBlank: 4096}
	images[1].EFI.Overlay = &inventory.EFIRoom{Offset: 90000, Bytes: 8192, NonBlank: 8192}
	images[1].EFI.Chain = &inventory.SignatureChain{Fault: new("unknown-root"), Path: []string{"aa"}}
	images[1].EFI.Display = &inventory.EFIDriver{Maker: "1002", Name: "AMD GOP X64", Version: new("3.1.0"), Built: new("2021-03-14")}
	d.Firmware.ROMs[0].BuildDate = new("2011-03-01")
	added := images[1]
	added.Index, added.SHA256 = 2, "dd"
	added.EFI = &inventory.EFIImage{Machine: "x64", Subsystem: "runtime-driver", Signed: new(false)}
	d.Firmware.ROMs[0].Images = append(images, added)
	d.Firmware.ROMs[0].Faults = []inventory.ROMFault{{Kind: "overlap", Offset: 512, Detail: "overlaps"}}
	d.Firmware.ROMs[0].Images[0].CodeType = "7f"
	d.Firmware.ROMs[0].Images = append(d.Firmware.ROMs[0].Images, inventory.ROMImage{Index: 3, Chain: 1, CodeType: "00", VendorID: "10de", Directory: new("none"), SHA256: "ee"})
	d.Firmware.ROMs[0].Regions[0].DenseBytes = 8192
	d.Firmware.ROMs[0].Partitions = []inventory.ROMPartition{
		{State: inventory.PartitionChanged, Name: "OROM", Key: new("DG2"), Changed: []string{"CODE"}},
		{State: inventory.PartitionAuthentic, Name: "OROM", Key: new("DG2"), Version: new("20.1079.0.0"),
			Boards: []inventory.ROMBoard{{SubsystemVendorID: "1849", SubsystemDeviceID: "6004"}}},
	}
	d.Firmware.ROMs[0].Texts[0].Text = "internal use only"
	copied := honestROM()
	copied.Source = "file"
	d.Firmware.ROMs = append(d.Firmware.ROMs, copied)
	module := d.Driver.Module
	module.Taint = new("F")
	module.SrcVersion = new("BBBB")
	module.File.Signature.Present = false
	module.File.InTree = new(false)
	module.File.Package.Digest = new("mismatch")
	d.Functions = append(d.Functions, inventory.Function{Address: "0000:01:00.2", VendorID: new("10de"), DeviceID: new("ffff"), ClassCode: new("0c0330")})
	d.Siblings = []inventory.Function{{Address: "0000:01:01.0", VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")}}
	d.PCI.IOMMUGroup.Type = new("identity")
	d.PCI.IOMMUGroup.Members = []string{"0000:05:00.0"}
	d.PCI.Config.ATSEnabled = new(true)
	d.PCI.Config.Faults = []inventory.ConfigFault{{Kind: "loop", Offset: 64, Detail: "points back"}}
	d.Bridges[0].ACSEnabled = new(false)
	d.Witnesses[0].Disagreements = []inventory.Disagreement{{Fact: "/pci/vendor_id", Ours: "10de", Theirs: "1002"}}
	d.Memory[0].Bytes *= 2
	d.PCI.Link.CurrentWidth = new(4)
	for i := range d.Health {
		d.Health[i].Count = 3
	}
	plantHost(&f.Host)
	return f
}

func plantHost(h *inventory.Host) {
	h.Kernel.Switches = append(h.Kernel.Switches, inventory.Switch{Name: "iommu", Value: new("pt")}, inventory.Switch{Name: "module.sig_enforce", Value: new("0")})
	h.Kernel.TaintFlags = new("FAOEK")
	h.Kernel.TaintedModules = []inventory.TaintedModule{{Name: "rogue", Flags: "OE"}, {Name: "patch", Flags: "K"}}
	h.Kernel.Lockdown = new("none")
	h.Boot.SecureBoot = new(false)
	h.Programmable = []inventory.Function{{Address: "0000:06:00.0", VendorID: new("10ee"), DeviceID: new("0666")}, {Address: "0000:07:00.0", VendorID: new("10ee"), DeviceID: new("7024")}}
}

// plantedAgain has the faults that planted cannot have beside its own.
func plantedAgain() *facts.Facts {
	f := honest()
	f.Host.IOMMU.Enabled = new(false)
	f.Host.Boot = inventory.Boot{Mode: new("bios")}
	f.Host.Kernel.Switches = []inventory.Switch{{Name: "firmware_class.path", Value: new("/tmp")}}
	d := f.Device
	d.PCI.IOMMUGroup = nil
	rom := &d.Firmware.ROMs[0]
	rom.Images[1].EFI = &inventory.EFIImage{Machine: "x64", Subsystem: "application", Signed: new(false)}
	rom.Images[0].VendorID = "1002"
	d.Driver.Module.Taint = new("POE")
	d.Driver.Module.File.Package = nil
	d.Driver.Module.File.PackageOwned = new(false)
	d.Functions = append(d.Functions, inventory.Function{Address: "0000:01:00.2", VendorID: new("10de"), DeviceID: new("ffff"), ClassCode: new("028000")})
	for i := range f.DataSets {
		f.DataSets[i].AgeDays = 4000
	}
	return f
}

// plantedEarly is a part of the time before makers signed, which hides behind
// another class.
func plantedEarly() *facts.Facts {
	f := plantedAgain()
	d := f.Device
	f.Catalogue.Accelerator.LaunchDate, d.Firmware.ROMs[0].BuildDate = new("2010-03-26"), new("2010-05-01")
	d.PCI.ClassCode, d.Kind = new("028000"), inventory.KindInUse
	d.Uses = []inventory.Use{{Kind: "driver", Source: "sys/bus/pci/drivers/nvidia", Name: "nvidia"}}
	return f
}

// switched is a card behind a switch of a third maker, beside a network controller,
// in a machine with another card of its maker whose ids nobody read.
func switched() *facts.Facts {
	f := honest()
	d := f.Device
	d.Bridges = append(d.Bridges, inventory.Function{Address: "0000:02:00.0", VendorID: new("10b5"), DeviceID: new("8747"), ClassCode: new("060400")})
	d.Neighbours = []inventory.Neighbour{{Behind: "0000:02:00.0",
		Function: inventory.Function{Address: "0000:04:00.0", VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")}}}
	d.Gaps = []inventory.Gap{{Fact: "/slot", Source: "sys", Reason: inventory.ReasonPermission}}
	f.Reference.SharedUnread = []string{"0000:09:00.0"}
	return f
}

// swapped has a boot loader in the place of the card's driver, and in a second
// reading no driver, and a changed program for a security processor.
func swapped() *facts.Facts {
	f := honest()
	other := honestROM()
	other.Source, other.Images = "file", other.Images[:1]
	roms := &f.Device.Firmware.ROMs
	*roms = append(*roms, other)
	flash := honestROM()
	flash.Source, flash.InFlash = "flash", &inventory.ROMInFlash{Found: true, Bytes: 61952, Changed: 12, Differing: []string{"legacy image"}}
	*roms = append(*roms, flash)
	(*roms)[0].PSP = []inventory.PSPEntry{{Type: "12", Read: true, Signed: new(true), Encrypted: new(false), State: new(inventory.PSPChanged)}}
	efi := (*roms)[0].Images[1].EFI
	efi.Display, efi.SBAT = &inventory.EFIDriver{Maker: "none"}, []string{"sbat,1", "shim,4"}
	return f
}

// refused is a card that does not give its ROM.
func refused() *facts.Facts {
	f := honest()
	f.Device.Firmware.ROMs = nil
	f.Device.Gaps = []inventory.Gap{{Fact: "/firmware/roms", Source: "rom", Reason: inventory.ReasonIOError}}
	return f
}

// dark has an honest driver that a new machine no longer runs.
func dark() *facts.Facts {
	f := honest()
	e := f.Device.Firmware.ROMs[0].Images[1].EFI
	e.InDB = new(false)
	f.Device.Driver.Name, f.Device.Driver.Module.Version = "nvidia", new("535.54.03")
	f.Device.Driver.Module.File.Version = new("535.54.03")
	e.Chain.Anchor, e.Chain.AnchorNotAfter = new("Microsoft Corporation UEFI CA 2011"), new(time.Date(2026, 6, 27, 21, 32, 45, 0, time.UTC))
	return f
}

// unread has a gap for everything that a scan without rights cannot read.
func unread() *facts.Facts {
	f := honest()
	d := f.Device
	d.PCI = inventory.PCI{VendorID: new("10de"), DeviceID: new("2684"), DRMNodes: []string{}}
	d.Functions, d.Bridges, d.Witnesses, d.Driver, d.Memory, d.Identity = nil, nil, nil, nil, nil, nil
	d.Firmware = inventory.Firmware{}
	for _, fact := range []string{"/pci/config", "/pci/bars", "/pci/iommu_group", "/functions", "/siblings", "/bridges", "/driver", "/firmware/roms", "/firmware/versions", "/witnesses", "/memory"} {
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: fact, Source: "sys", Reason: inventory.ReasonPermission})
	}
	f.Host = inventory.Host{}
	for _, fact := range []string{"/kernel", "/boot", "/iommu", "/tpm", "/dmi", "/programmable"} {
		f.Host.Gaps = append(f.Host.Gaps, inventory.Gap{Fact: fact, Source: "proc", Reason: inventory.ReasonIOError})
	}
	f.Catalogue = nil
	f.Reference = &facts.Reference{}
	for _, v := range []*facts.Verdict{&f.Reference.Firmware, &f.Reference.Runtime, &f.Reference.Driver, &f.Reference.Functions, &f.Reference.Memory} {
		*v = facts.Verdict{State: facts.Unknown, Reason: "could not be read"}
	}
	return f
}

// bare is a device of which nobody said anything, not even why.
func bare() *facts.Facts {
	f := honest()
	f.Question = facts.Purpose{}
	f.Host, f.Catalogue, f.Reference, f.DataSets = inventory.Host{}, nil, nil, []facts.DataSet{}
	f.Device = &inventory.Device{Address: "0000:01:00.0", PCI: inventory.PCI{DRMNodes: []string{}}}
	return f
}
