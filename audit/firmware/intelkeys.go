package firmware

import (
	"crypto/rsa"
	"slices"
	"sync"
)

// partitionKey is a key under which Intel signs partitions of option ROMs.
type partitionKey struct {
	name string
	key  *rsa.PublicKey
	// modulus is the modulus as partitions store it, the lowest byte first.
	modulus []byte
}

// intelKeys are the keys that signed all 119 partitions of the 71 option ROMs that
// Intel's drivers brought from 2021 to 2026. The SHA-256 of the modulus as it is
// stored stands beside each; docs/data-sources.md says where they were read.
var intelKeys = sync.OnceValue(func() []partitionKey {
	return []partitionKey{
		// SHA-256 94d49c93ab4ed1842becdbc3eeab4208e89c85bc904346d31d80911daab5db38
		newPartitionKey("DG2", rsaKey(
			"b5ab285f9a3080f0f39a7a32faf7f6cbd704c98edbfef1e0fb584e286cc0c2469308baa5da8c373389c4fcc6459b18db"+
				"3365312f962ca4abff59e34a02b5abffc159bfa5d1f72011f69bb5bbde32342683f6ef485eb9d38c2f1e5ea14428fe7f"+
				"7ebf25cf7743b858ff2f5f8a5b0e956118aa8577bc13d18ac83275870d06dac917285b9eaf6f6795642b2d19430250bf"+
				"33273a29a9b587c5f7681508fb4d8dee6951f75ec1832798f5619edb88503b2338f281122d3d9c65161e69486c2630a6"+
				"0266ba66929a61927fdf85396076e87aef774cc04da20d4585fab488fe0cdd1daf9a22530155e72f373756df452fbb50"+
				"a2c80e5b8eeb39754e879c7936c28494e7143f72eebb60b4edd0cff871c6ea42cfd739b3144235ea9834a341893e01e6"+
				"e71d3c1cbf8a3d8a68fadd660e169e284c8c9aeef3418c75bdd70f120dea563aeb0bc685edfbce1faee8fa0a414a7941"+
				"6bbd069d4ea39daa3916b9048df3b2ba207a4183d3f4068ced9aff718ad3cc7837d6b339f3ca58b782130eee0df761b5")),
		// SHA-256 70c7f8d7ee51d18ee992da32b5490a30e2c8fdb461e5fc341eee74ece2d08170
		newPartitionKey("DG1", rsaKey(
			"d30cb58926e1479e78edbaff45b8b3079aac3c14df920a9af5b4cf3eb9a9e1673257b02c418e61a0376ab9833825d052"+
				"847d4a597b442bfadc2585aa09040d5bba87e03a37196d64c6f8c52b701d81d3594055e9b8923fb65e6fe6af84f735c1"+
				"acbe4af6d0df301598a056140cbcfbb6a228a56c11262389f2415dbdfd779c003490ef391e654f888c4d75adc0564a59"+
				"e841bbf82a51548cbef2c733def0b7bad2059b8bba414692602421fcf3e1638dc1156ea1a1ab2b2b01b360b1875b56f8"+
				"146f84475e7f70a5555e4f81e192b02b3c3b0ebbba69c33afa51f00128761af0461e3d999582b020fc0f509769e9603b"+
				"bb298387aad719d32aef29f1c999dd4795ffd88c6b22b13b3fa7de1ed2c7f01c73f967dea7a4456a604c50077bf431aa"+
				"e71dea2f8fe7f83e6785dd21ae87e54b8f893e6c72fe7347bb8a7fe90a84b812cfb72a897e3f8fa712333348f65b3274"+
				"fa3a5d919d34298f50cc0ba8efb50d3e1982dc2f85bb9a3008956e33f57f20e2af7d682287fd1ec224dd53891fdebebd")),
		// SHA-256 5c2d3e86cd5eb35ad98f65ca40f7c749c098166781713656afe19604f9bb6c76
		newPartitionKey("BMG code", rsaKey(
			"bf83ffe38a04a3662b5ab15fbaa3cc4c2aa09b2ec4b20074ee64c078c603cdcd2ccf823a4481d3f422b3950baadf2b67"+
				"30b3949cd48a8b26ab310632b5a3ff2bad5e2a8fa5e8a73b37df49cb2f0a32260149c2901dbf92bd3f85f949eee9ff4e"+
				"1da5cbc97aff757c9745f199908247c10b855728cde1cc4157e7019f0fb0653e6fab8dcb1e50534451fefa617312b7f8"+
				"57f89b54a6e226fee4175270163fa88fe6b9c27f8ab99d3764ce66f2ff7769fc4228dd39e09e2061c10d5eafc30ffd49"+
				"aec91513410e8fdcb33ffa2d5ef7f5e184fa596fbbd1d13ffa7b1d796c0d63bb07d38dd7cce708c27df7d78092615dc0"+
				"a755e1193eb80f6d3782d70d4215d0452ea6dfe78bf4247abc66245ead119aaa4f7e0e27cc1122ff25191a88c7d27b09"+
				"e2ebc2d0cec73e859bac5160263e23935f5c9b747b6a96bd3533ad973e27c3acaa59461448b76dd0a499f97b826cfaa2"+
				"9a13eea556b50d9b4eb29350ea0c4fafd74e3a57f15e48120c5d6dd2e9a3e5f0554f7c0d2c4aa7590bdf4a439f7226d3")),
		// SHA-256 8300dc7c82b825dab4a8170db41eb166a669abe2d67f5094eec6baef3d45268b
		newPartitionKey("BMG configuration", rsaKey(
			"e6766c548161208a6bd47a0dbc3d4497ac7746a7eeeee1967451ce02296e76cc6bba9585fd5b783ffa0e915b1cbfbc14"+
				"08fbe747b5f1076bcb502ccc300c5b6ad9c66e41b3b9dd4d1391fa18ea0dd4ea37a6a01afa112887d6ddaca54d499811"+
				"a0626baea896cc64f2d7ea1869d699823fd02c9c1a174eaca969982424cde073a756659965992ed840521ac9e5eb50ac"+
				"131226541a023351c6fc804a30bf63acb9e19bff2f53e64ad76ec04244645cacc8743fb48578430d98b709dd375a78db"+
				"0eb19cd205caef887d0e5cefc21f50f51d5b774022a1e00d8ca69338d82b0cbd56cf29e03bb4cbf307f8ea2469588ef4"+
				"f13b91c35826894ed2b2ac179d6b33cff4d1c0d5a155832e0e1a01edc0b3589e8682b16f5911534fafaa5498e8a543fa"+
				"9d3c7bfa0c722f1fb081660ba651d7c04bf0bb69832fd91312241ba840c7f1d93d4a468ef17e7434373abf5232f4cf91"+
				"34214372f69d72076cc23c4cb7c02dc26511e6cf495d879596f827205a7c62f2b8b104d25343efe904962d75976ae171")),
	}
})

func newPartitionKey(name string, key *rsa.PublicKey) partitionKey {
	modulus := key.N.FillBytes(make([]byte, partitionKeyBytes))
	slices.Reverse(modulus)
	return partitionKey{name: name, key: key, modulus: modulus}
}
