# METADATA
# description: |
#   The four answers of a rule. Every answer has a detail: one sentence on what
#   was seen on this device. Evidence and missing facts are JSON pointers into
#   the input, such as /device/pci/vendor_id.
package gpuaudit.verdict

# msg is a detail by its id in messages/en.json, which has the sentence, and its
# parameters: texts, numbers, lists of these, or messages. The id and the names of the
# parameters are constants. A detail may be a text, too.
msg(id, params) := {"id": id, "params": params}

# fail: the facts are there, and they are bad.
fail(detail, evidence) := {"status": "fail", "detail": detail, "evidence": evidence}

# pass: the facts are there, and they are good. It needs evidence as fail does.
pass(detail, evidence) := {"status": "pass", "detail": detail, "evidence": evidence}

# unknown: facts are missing. It is the last branch of every decision.
unknown(detail, missing) := {"status": "unknown", "detail": detail, "missing": missing}

# not_applicable: the question does not arise here, which a fact shows.
not_applicable(detail, evidence) := {"status": "not-applicable", "detail": detail, "evidence": evidence}

# keyed gives a verdict the key that tells several findings of one rule apart
# over rescans, such as the digest of the image that is at fault.
keyed(verdict, key) := object.union(verdict, {"key": key})

# graded gives a failure a severity of its own. It counts where it is below the rule's,
# which is that of the worst it looks for. An unknown keeps the rule's.
graded(verdict, severity) := object.union(verdict, {"severity": severity})
