package inventory

// HashName names a digest algorithm by its object identifier, which it gives back
// where it knows no name. SHA-3 is of NIST's arc 2.16.840.1.101.3.4.2, too.
func HashName(oid string) string {
	switch oid {
	case "1.3.14.3.2.26":
		return "sha1"
	case "2.16.840.1.101.3.4.2.1":
		return "sha256"
	case "2.16.840.1.101.3.4.2.2":
		return "sha384"
	case "2.16.840.1.101.3.4.2.3":
		return "sha512"
	case "2.16.840.1.101.3.4.2.8":
		return "sha3-256"
	case "2.16.840.1.101.3.4.2.9":
		return "sha3-384"
	case "2.16.840.1.101.3.4.2.10":
		return "sha3-512"
	default:
		return oid
	}
}
