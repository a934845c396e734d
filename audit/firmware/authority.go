package firmware

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"time"
)

// authority is a certificate authority by its key: most option ROMs carry the
// certificate of their signer alone, so that its issuer has to be known here.
type authority struct {
	name                string
	key                 crypto.PublicKey
	notBefore, notAfter time.Time
}

// issued says that the authority signed the certificate.
func (a *authority) issued(c *x509.Certificate) bool {
	if c.Issuer.CommonName != a.name {
		return false
	}
	ca := &x509.Certificate{PublicKey: a.key}
	switch a.key.(type) {
	case *rsa.PublicKey:
		ca.PublicKeyAlgorithm = x509.RSA
	case *ecdsa.PublicKey:
		ca.PublicKeyAlgorithm = x509.ECDSA
	}
	return ca.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// authorities are those under which third-party UEFI drivers are signed, and
// that computers bring in their db. Microsoft runs all three. Key and validity
// are those of the certificates whose SHA-256 stands beside them;
// docs/data-sources.md says where they were compared.
func authorities() []authority {
	return []authority{
		// SHA-256 48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507
		{
			"Microsoft Corporation UEFI CA 2011", rsaKey("a5086c4cc745096a4b0ca4c0877f06750c43015464e0167f07ed927d0bb273bf0c0ac64a4561a0c5162d96d3f52ba0fb" +
				"4d499b4180903cb954fde6bcd19dc4a4188a7f418a5c59836832bb8c47c9ee71bc214f9a8a7cff443f8d8f32b22648ae" +
				"75b5eec94c1e4a197ee4829a1d78774d0cb0bdf60fd316d3bcfa2ba551385df5fbbadb7802dbffec0a1b96d583b81913" +
				"e9b6c07b407be11f2827c9faef565e1ce67e947ec0f044b27939e5dab2628b4dbf3870e2682414c933a40837d558695e" +
				"d37cedc1045308e74eb02a876308616f631559eab22b79d70c61678a5bfd5ead877fba86674f71581222042222ce8bef" +
				"547100ce503558769508ee6ab1a201d5"),
			time.Date(2011, 6, 27, 21, 22, 45, 0, time.UTC), time.Date(2026, 6, 27, 21, 32, 45, 0, time.UTC),
		},
		// SHA-256 f6124e34125bee3fe6d79a574eaa7b91c0e7bd9d929c1a321178efd611dad901
		{
			"Microsoft UEFI CA 2023", rsaKey("bd222aaeef1a3185137851a79bfdfc78d163b81a9b63f51206db4b41356a6fabf56a04cc97cfbbd408091a613a0de6b3" +
				"a046ff09adde8024dc1280f25fd916ede2429dcd2f4d6102618a1c4b1d186239869771ad3e7f5d71134be92a00c1bed5" +
				"b7009f5e65b22c1aff74edea83d239893335737da0a2fa40e4665058aafc87e85c208334ecabe20bc55f3eff482b1191" +
				"26ef186e57c59f187399efe16a742bbb2f7f508e1dda3d76b604e5cc2e10c7831b83a3e4a51313716e3378a3a83cec48" +
				"265ec7c65e0d879aaacc553481ad9d90f5e69663a6e8072017c8931ed2aea4dcae7d59bf885e620cae5bf22940561d26" +
				"40de85a6ad56d1cf5547765f9c39db03"),
			time.Date(2023, 6, 13, 19, 21, 47, 0, time.UTC), time.Date(2038, 6, 13, 19, 31, 47, 0, time.UTC),
		},
		// SHA-256 e5be3e64c6e66a281457ecdece0d6d0787577aad2a3a0144262c10c14ba8d8f1
		{
			"Microsoft Option ROM UEFI CA 2023", rsaKey("d30bfe89cdcdb6eedce51a8ddcca211a0f222f0bb5328435c0be6f709355b447cc4903c2fecfba326564b735bd043b44" +
				"642fa0f2dde15dbae7bd399abdcb4be183aa1be86f4e4c915243a5c4505568f5daac48a29cec35a704566819e2b162d4" +
				"92f4853f34a1156787216e1fc9d83532b83dcb58ca2943544a7e8b557b237a3ab69d4307046b9a6bf4f020fffaa6dfa2" +
				"9e49e855c5758844aca4413a037cbbe993e46cf1ed7926c78b32f7594925310067180c67fb40c55d763d0987c22d8c5f" +
				"2b5a1e010f33af6508904ffc645b9ca35cd6531b51019f98cfc453c5b1dfb3686f454bc84585c81db89ed17771a0d5a2" +
				"7787ec672eb9870646dd4143406a5f2f"),
			time.Date(2023, 10, 26, 19, 2, 20, 0, time.UTC), time.Date(2038, 10, 26, 19, 12, 20, 0, time.UTC),
		},
	}
}

// rsaKey is the key with this modulus, in hexadecimal, and the exponent 65537.
func rsaKey(modulus string) *rsa.PublicKey {
	b, err := hex.DecodeString(modulus)
	if err != nil {
		return &rsa.PublicKey{N: new(big.Int), E: 65537} // verifies nothing
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(b), E: 65537}
}
