package gpuaudit.fixture

# attested is the honest input whose TPM proves everything, with a patch merged
# over the attestation.
attested(patch) := facts({"attestation": object.union(attestation_base, patch)})

# attested_host is the same for the host's rules.
attested_host(patch) := object.union(host_only({}), {"attestation": object.union(attestation_base, patch)})

# drivers are what firmware measured, for the device of the honest input.
measured(verdict) := {"boot": {"drivers": [{"device": "0000:01:00.0", "verdict": verdict, "event": 9, "digest": "aa", "path": "PciRoot(0x0)"}]}}

attestation_base := {
	"state": "verified",
	"reason": "all 3 checks passed",
	"nonce": "11111111111111111111111111111111",
	"nonce_from": "verifier",
	"covers": "facts",
	"age_days": 0,
	"same_boot": "yes",
	"checks": [
		{"name": "quote-signature", "status": "pass"},
		{"name": "log-form", "status": "pass"},
		{"name": "log-replay", "status": "pass"},
		{"name": "log-consistent", "status": "pass"},
	],
	"boot": {
		"bank": "sha256",
		"secure_boot": true,
		"secure_boot_agrees": "same",
		"db_agrees": "same",
		"dbx_agrees": "same",
		"debug": false,
		"option_rom_verification": "shown",
		"drivers": [{"device": "0000:01:00.0", "verdict": "corroborated", "event": 9, "digest": "aa", "path": "PciRoot(0x0)"}],
		"unexplained": [],
	},
}
