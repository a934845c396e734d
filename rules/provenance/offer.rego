# METADATA
# description: |
#   What a seller said of a card, held against the card part by part by package
#   compare.
package gpuaudit.offer

import data.gpuaudit.verdict

claim(part) := object.get(part, "claim", verdict.msg("offer.no_claim", {}))

reason(part) := trim_right(object.get(part, "reason", ""), ".")

# aside is the verdict where nobody offered anything, or says nothing of this part.
aside(_) := verdict.not_applicable(verdict.msg("offer.not_asked", {}), ["/question"]) if {
	input.question
	not input.question.sold_as
}

aside(part) := verdict.not_applicable(verdict.msg("offer.not_said", {"reason": reason(part)}), ["/reference/offer"]) if {
	input.question.sold_as
	part.state == "not-covered"
}
