package baseline

import (
	"strings"
	"testing"
)

// TestOurs: a file of settings that a baseline writes, and nothing that says more.
func TestOurs(t *testing.T) {
	for _, s := range []Settings{{}, {Pack: "strict"}, {Expect: 8}, {Pack: "./a \"b\".yaml", Expect: 4096}} {
		for _, waivers := range []bool{false, true} {
			text := s.text(waivers)
			if !Ours(text, nil, s.Pack) {
				t.Errorf("refused:\n%s", text)
			}
			if !Ours(text, text, "") || s.Pack != "" && Ours(text, nil, "other") {
				t.Errorf("the pack of before, or another one:\n%s", text)
			}
			for _, more := range []string{"output: [json=/etc/cron.d/x]\n", "sign-key: /root/key\n", "policy: /tmp/x\n", "expect: 01\n", "#\n", "\n", "pack: \"strict\"\n"} {
				if Ours(append(text[:len(text):len(text)], more...), text, s.Pack) {
					t.Errorf("taken: %s%s", text, more)
				}
			}
		}
	}
	text := string(Settings{}.text(false))
	for _, changed := range []string{"", "x", strings.Replace(text, "trust.yaml", "/tmp/trust.yaml", 1), strings.Replace(text, "[manifests]", "[manifests, /tmp]", 1), strings.TrimPrefix(text, mark), text[:len(text)-1],
		text + "expect: 0x10\n", text + "expect: -1\n", text + "expect: 8 \n", "\xef\xbb\xbf" + text} {
		if Ours([]byte(changed), nil, "") {
			t.Errorf("taken: %q", changed)
		}
	}
	// A pack that somebody's own file names is none of an earlier baseline.
	withPack := Settings{Pack: "theirs"}.text(false)
	if Ours(withPack, []byte("\npack: \"theirs\"\n"), "") {
		t.Error("the pack of a file that no baseline wrote")
	}
}
