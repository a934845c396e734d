package nvidiatest

import (
	"bytes"
	"fmt"
)

// Header is the evidence of cards for a nonce as a header in C, for a library that answers
// in the place of NVIDIA's.
func Header(nonce []byte, cards ...*Card) ([]byte, error) {
	var b bytes.Buffer
	array := func(name string, data []byte) {
		fmt.Fprintf(&b, "static const unsigned char %s[] = {", name)
		for _, c := range data {
			fmt.Fprintf(&b, "%d,", c)
		}
		b.WriteString("};\n")
	}
	array("proof_nonce", nonce)
	var list bytes.Buffer
	for i, c := range cards {
		report, err := c.Report(nonce)
		if err != nil {
			return nil, err
		}
		array(fmt.Sprintf("proof_report_%d", i), report)
		array(fmt.Sprintf("proof_chain_%d", i), c.Chain())
		fmt.Fprintf(&list, "{ proof_report_%[1]d, sizeof proof_report_%[1]d, proof_chain_%[1]d, sizeof proof_chain_%[1]d },\n", i)
	}
	fmt.Fprintf(&b, "static const struct { const unsigned char *report; unsigned report_size; const unsigned char *chain; unsigned chain_size; } proofs[] = {\n%s};\n", &list)
	return b.Bytes(), nil
}
