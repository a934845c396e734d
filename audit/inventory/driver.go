package inventory

// Driver is the kernel driver bound to a device.
type Driver struct {
	Name string `json:"name"` // the driver directory's name
	// Module is nil when the driver is built in or its module is unknown.
	Module *Module `json:"module,omitempty"`
	// BuiltIn says that the driver is part of the kernel image; nil unknown.
	BuiltIn *bool `json:"built_in,omitempty"`
	// Claims are what the running driver says of itself outside sysfs.
	Claims []DriverClaim `json:"claims,omitempty"`
}

// DriverClaim is a running driver's statement of its own version.
type DriverClaim struct {
	Source  string `json:"source"`
	Version string `json:"version"`
	// Flavor is "open" or "proprietary" where the vendor ships both.
	Flavor *string `json:"flavor,omitempty"`
}

// Module is a kernel module, loaded and on disk.
type Module struct {
	Name       string  `json:"name"`
	Version    *string `json:"version,omitempty"`    // of the loaded module (sysfs)
	SrcVersion *string `json:"srcversion,omitempty"` // of the loaded module (sysfs)
	// BuildID is the linker's digest of the loaded module (sysfs, notes), in hexadecimal
	// digits.
	BuildID *string `json:"build_id,omitempty"`
	// Taint are the loaded module's taint letters ("OE"); "" means none.
	Taint *string     `json:"taint,omitempty"`
	File  *ModuleFile `json:"file,omitempty"`
}

// ModuleFile is the module's file on disk.
type ModuleFile struct {
	Path        string  `json:"path"` // without leading slash
	Bytes       uint64  `json:"bytes"`
	SHA256      string  `json:"sha256"`                // of the file as it lies on disk
	Compression *string `json:"compression,omitempty"` // "gz", "xz", "zst", nil for none
	// ContentSHA256 is of the decompressed module; equal to SHA256 if none.
	ContentSHA256 string  `json:"content_sha256"`
	Version       *string `json:"version,omitempty"`    // modinfo, of the file
	SrcVersion    *string `json:"srcversion,omitempty"` // modinfo, of the file
	BuildID       *string `json:"build_id,omitempty"`   // of the file's note
	License       *string `json:"license,omitempty"`
	VerMagic      *string `json:"vermagic,omitempty"`
	// InTree is modinfo's intree=Y.
	InTree    *bool            `json:"in_tree,omitempty"`
	Signature *ModuleSignature `json:"signature,omitempty"`
	// PackageOwned says whether a distribution package lists the file. False
	// means that the whole database was searched and none does (modules that
	// DKMS built); nil means that it could not be told, and a Gap says why.
	PackageOwned *bool    `json:"package_owned,omitempty"`
	Package      *Package `json:"package,omitempty"`
}

// ModuleSignature is the signature appended to a module (kernel
// include/linux/module_signature.h). Its presence says nothing of its validity.
type ModuleSignature struct {
	Present bool    `json:"present"`
	Signer  *string `json:"signer,omitempty"`
	KeyID   *string `json:"key_id,omitempty"`
	Hash    *string `json:"hash,omitempty"`
}

// Package is the distribution package that owns a file.
type Package struct {
	Manager string  `json:"manager"` // "dpkg", "rpm", "pacman", "apk"
	Name    string  `json:"name"`
	Version *string `json:"version,omitempty"`
	// Digest says whether the file has the digest that the package database
	// recorded: "match", "mismatch"; nil when none is recorded.
	Digest *string `json:"digest,omitempty"`
}
