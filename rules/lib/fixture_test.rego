# METADATA
# description: |
#   An honest card in an honest machine, for tests to change. It is of the form
#   that facts.Facts has in JSON.
package gpuaudit.fixture

# facts is the honest input with a patch merged over it: objects are merged,
# everything else is replaced.
facts(patch) := object.union(base, patch)

# device and host are shorthands for patches of these.
device(patch) := facts({"device": patch})

host(patch) := facts({"host": patch})

# without is the honest input less one pointer.
without(pointer) := json.remove(base, [pointer])

# host_only is the input of the host's rules.
host_only(patch) := object.remove(object.union(base, {"host": patch}), ["device", "catalogue", "reference"])

# romless is a function whose windows are known and hold no ROM.
romless := device({
	"firmware": {"roms": []},
	"gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "not-present"}],
	"pci": {"bars": [{"index": 0, "bytes": 4096, "kind": "memory"}]},
})

# rom_gap is what a scan without --read-rom records.
rom_gap := {"fact": "/firmware/roms", "source": "sys/rom", "reason": "not-requested"}

base := {
	"schema": "gpuaudit.facts/v1",
	"now": "2026-11-24T00:00:00Z",
	"question": {},
	"data_sets": [],
	"host": host_base,
	"device": device_base,
	"catalogue": {},
	"reference": {
		"shared": [],
		"firmware": {"state": "not-covered", "reason": "no manifest covers this device"},
		"runtime": {"state": "not-covered", "reason": "no manifest covers this device"},
		"driver": {"state": "not-covered", "reason": "no manifest covers this device"},
		"functions": {"state": "not-covered", "reason": "no manifest covers this device"},
		"memory": {"state": "not-covered", "reason": "no manifest covers this device"},
		"windows": {"state": "not-covered", "reason": "no manifest covers this device"},
		"place": {"state": "not-covered", "reason": "no manifest covers this device"},
	},
}

host_base := {
	"dmi": {"system_vendor": "Example", "product_name": "Server", "chassis_type": 23},
	"kernel": {
		"release": "6.1.0-30-amd64",
		"version": "#1 SMP Debian",
		"switches": [{"name": "ro"}, {"name": "root", "value": "/dev/sda1"}],
		"tainted": 0,
		"taint_flags": "",
		"lockdown": "integrity",
	},
	"boot": {"mode": "uefi", "secure_boot": true, "setup_mode": false, "db": {"digests": 0}, "dbx": {"digests": 1}},
	"iommu": {"enabled": true, "units": ["ivhd0"], "groups": 40, "default_domain": "DMA-FQ"},
	"tpm": {"present": true, "version": "2.0"},
}

device_base := {
	"address": "0000:01:00.0",
	"kind": "display",
	"names": {},
	"pci": {
		"vendor_id": "1002",
		"device_id": "73bf",
		"subsystem_vendor_id": "1002",
		"subsystem_device_id": "0e3a",
		"revision_id": "c1",
		"class_code": "030000",
		"bars": [
			{"index": 0, "bytes": 268435456, "kind": "memory", "prefetchable": true, "is_64bit": true},
			{"index": 6, "bytes": 131072, "kind": "rom", "prefetchable": false, "is_64bit": false},
		],
		"link": {"current_speed_gts": 16, "max_speed_gts": 16, "current_width": 16, "max_width": 16},
		"iommu_group": {"id": "12", "type": "DMA-FQ"},
		"config": {"bytes_read": 4096, "size": 4096, "capabilities": [], "ats_enabled": false},
		"drm_nodes": ["card0"],
	},
	"bridges": [{"address": "0000:00:01.0", "vendor_id": "1022", "device_id": "1483", "class_code": "060400", "acs_enabled": true}],
	"functions": [{"address": "0000:01:00.1", "vendor_id": "1002", "device_id": "ab28", "class_code": "040300"}],
	"firmware": {
		"roms": [rom_base],
		"versions": [{"source": "amdgpu", "version": "113-D4120100-100"}],
	},
	"driver": {
		"name": "amdgpu",
		"module": {
			"name": "amdgpu",
			"srcversion": "AAAA",
			"taint": "",
			"file": {
				"path": "lib/modules/6.1.0-30-amd64/kernel/drivers/gpu/drm/amd/amdgpu/amdgpu.ko",
				"bytes": 10,
				"sha256": "11",
				"content_sha256": "11",
				"srcversion": "AAAA",
				"in_tree": true,
				"signature": {"present": true, "signer": "Debian Secure Boot CA"},
				"package": {"manager": "dpkg", "name": "linux-image-6.1.0-30-amd64", "digest": "match"},
			},
		},
		"built_in": false,
	},
	"witnesses": [{"name": "ghw"}],
}

rom_base := {
	"source": "sysfs",
	"bytes": 131072,
	"sha256": "22",
	"sha384": "33",
	"lead_bytes": 0,
	"version": "020.001.000.060.016898",
	"part": "113-D4120100-100",
	"images": [legacy_base, efi_base],
}

legacy_base := {
	"index": 0,
	"offset": 0,
	"bytes": 59392,
	"code_type": "00",
	"vendor_id": "1002",
	"device_id": "73bf",
	"class_code": "030000",
	"last": false,
	"sum": 0,
	"sum_required": true,
	"sha256": "44",
	"sha384": "55",
	"directory": "atom",
}

efi_base := {
	"index": 1,
	"offset": 59392,
	"bytes": 65536,
	"code_type": "03",
	"chain": 0,
	"vendor_id": "1002",
	"device_id": "73bf",
	"class_code": "000000",
	"last": true,
	"sum": 17,
	"sum_required": false,
	"sha256": "66",
	"sha384": "77",
	"efi": {
		"machine": "x64",
		"subsystem": "boot-service-driver",
		"pe_machine": "x64",
		"pe_subsystem": "boot-service-driver",
		"format": "pe",
		"display": {"maker": "1002", "name": "AMD GOP X64 Release Driver Rev.3.1.0.Mar 14 2021.23:17:45", "version": "3.1.0", "built": "2021-03-14"},
		"front": {"offset": 59420, "bytes": 38, "non_blank": 30},
		"slack": {"offset": 124500, "bytes": 428, "non_blank": 0},
		"overlay": {"offset": 0, "bytes": 0, "non_blank": 0},
		"certificate": {"offset": 0, "bytes": 0, "non_blank": 0},
		"compression": 1,
		"authenticode_sha256": "88",
		"signed": true,
		"digest_matches": true,
		"signature_valid": true,
		"signer": "CN=Microsoft Windows UEFI Driver Publisher",
		"chain": {"anchor": "Microsoft Option ROM UEFI CA 2023", "anchor_not_after": "2038-10-26T19:12:20Z", "path": ["aa"]},
		"in_db": true,
		"in_dbx": false,
	},
}
