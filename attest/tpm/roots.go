package tpm

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
)

// Root is a root authority of a maker of TPMs, by its key: the certificates
// themselves come with the evidence, or from a file, and are believed when the
// key that signed them is one of these.
type Root struct {
	Vendor, Name string
	// SPKI is the SHA-256 of the SubjectPublicKeyInfo, hexadecimal.
	SPKI string
}

// VendorRoots are the roots under which makers certify endorsement keys.
// docs/data-sources.md says where each was found, and where they were compared.
// A TPM whose maker is missing stays unknown; it is not refused.
func VendorRoots() []Root {
	return []Root{
		{"AMD", "AMDTPM (ECC)", "5cf1859ffbd2cd18c13345d47692bea4ea2464fbfb74298364fa979e833229f6"},
		{"AMD", "AMDTPM (RSA)", "899b9c9d6e926c40aaefbea3905173f00f7b52ad6eb4d2d32e6fcb1979710e2b"},
		{"Google", "EK/AK CA Root", "56a613f57126a385dd6949294e93b0b566f96ab0573be0c2368e6f5ca779831f"},
		{"Google", "tpm_ek_v1_cloud_host_root", "f23057f4f97d1d90e4cae0ce91d5a0fc99069f0a1bc147021dca33b1e9c4d0d9"},
		{"Infineon", "Infineon OPTIGA(TM) ECC Root CA", "ce5183a19d6fe79a6c1b058cfa700379f67d587a8afd0f51621e82d9f00c5a28"},
		{"Infineon", "Infineon OPTIGA(TM) ECC Root CA 2", "f21c8db44a3df3a43465230d30846f5fea08afa4428b982ff922065528c81f19"},
		{"Infineon", "Infineon OPTIGA(TM) RSA Root CA", "8a705088efa28a3845b35c7fcbf9c0f4bf46c77da18a6f1a173eb9074610cbd0"},
		{"Infineon", "Infineon OPTIGA(TM) RSA Root CA 2", "d821e2a37a846f9f3a66a82c9346f18cc418c418fb6c55e933b25aee54afe8de"},
		{"Intel", "OnDie CA Root Cert Signing", "84b25305bf5f90c399d7f520ad81f451e09b0025d0292143e1388970f9651484"},
		{"Intel", "TPM EK root cert signing", "baf3caf0db083d8155424bb24d6fbbd8ba7487fc5b3ca45d3eb6b2b2e4656ade"},
		{"Microsoft", "Microsoft Pluton Root CA 2021", "664778b23fd09c0c61407fb4c2253f9a8978e64be8c4f9a89a92b4acc37d8a70"},
		{"Microsoft", "Microsoft TPM Root Certificate Authority 2014", "5eadfa0187a24edb747b98523f89cf92d33eeb20ec81b9d0a31e170b73c2dbb2"},
		{"NSING", "NSING TPM ECC ROOT CA 001", "00846603beb1cd5a41f71a4cf98b0bd77f974c879c94f60809541de7287dea84"},
		{"NSING", "NSING TPM RSA ROOT CA 001", "b5eadb92b6aaf54816c45c6bf57a92ac945bf8285a1c7451008c6207269fad1d"},
		{"Nuvoton", "NPCTxxx ECC521 RootCA", "e73d53e508a4558df188cd77d18f3efa5fb18b8b48c1ee3b27679e08f431029c"},
		{"Nuvoton", "Nuvoton TPM Root CA 0100", "2b40169e346867de502a647990f4d771980765f9cbef5c823380f3aa9626da53"},
		{"Nuvoton", "Nuvoton TPM Root CA 1110", "b7f4414b44f1787f046aec866693cda643239b3d0f6998d0ad4adb841e4bd0db"},
		{"Nuvoton", "Nuvoton TPM Root CA 1111", "c871b0ba1182676eeed4c2469d3d5fa3cfa09daca77ea823a4b454cf00dee11e"},
		{"Nuvoton", "Nuvoton TPM Root CA 2110", "b54c81a52159aaf524c88dcf5a7e7a6f5f9ec2f4e69aee0bb3897f0c65e4faea"},
		{"Nuvoton", "Nuvoton TPM Root CA 2111", "95b8ab2c350f58064c30a217f07e0a3353915edee572c5fb2ebcf8fa3f87a813"},
		{"Nuvoton", "Nuvoton TPM Root CA 2112", "016b91ecb9f473ab57499ff308c3f948a40287d5d951e5f6651482ad7d381924"},
		{"Nuvoton", "NuvotonTPMRootCA1210", "f6564f73c8ad3bd48fe5571d06d7e2625b1736e716445460e78a5ac6b3b69768"},
		{"Nuvoton", "NuvotonTPMRootCA2210", "d325df18987aeda5c6c072c178babc54c3e1e24e563c691fe881099dddcb31e8"},
		{"Nuvoton", "NuvotonTPMRootCA2211", "1f3ddd0a51b57d54833ae705f8e47f28817a1551d12aee3c6beeed5f1ea2a59d"},
		{"STMicroelectronics", "GlobalSign Trusted Platform Module ECC Root CA", "43679317522d3638ea18936a57c65b33086ba51c77536fe6e1b65492193314cb"},
		{"STMicroelectronics", "GlobalSign Trusted Platform Module Root CA", "0035d2297fe237a636800382cc2c9e205c6930f84b507ceec3608545d273960f"},
		{"STMicroelectronics", "STSAFE ECC Root CA 02", "7fbef05051f792251d32f5b265821137d47cd3dc3d604ace70ecc12e8e579924"},
		{"STMicroelectronics", "STSAFE RSA Root CA 02", "566cb2589d45c1478036e667da1793daacdadbba57efd6aa29b78d0e6695fd9f"},
	}
}

// anchors are the certificates of a list that signed themselves with a pinned
// key. The key alone is the trust; the signature shows that its holder wrote the
// name and the time in the certificate.
func anchors(list []*x509.Certificate, pins []Root) []*x509.Certificate {
	var found []*x509.Certificate
	for _, c := range list {
		if rootOf(c, pins) != nil && c.CheckSignatureFrom(c) == nil {
			found = append(found, c)
		}
	}
	return found
}

func rootOf(c *x509.Certificate, pins []Root) *Root {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	for i := range pins {
		if pins[i].SPKI == hex.EncodeToString(sum[:]) {
			return &pins[i]
		}
	}
	return nil
}
