/* A library with the functions of NSCQ that gpuaudit calls, made for its tests: as many
 * switches as PROOF has proofs, and faults that the macros plant. It hands reports and
 * certificates to callbacks by value, as NVIDIA's does. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include PROOF

typedef int8_t rc_t;
typedef struct { uint8_t bytes[16]; } uuid_t_;
typedef struct { char data[64]; } label_t;
typedef struct { uint32_t size; uint8_t report[0x2000]; } report_t;
typedef struct { uint8_t chain[0x1400]; uint32_t size; } certificate_t;
typedef struct { rc_t rc; void *session; } session_result_t;

#define COUNT (sizeof proofs / sizeof *proofs)
#ifndef CREATE
#define CREATE 0
#endif
#ifndef REPORT
#define REPORT 0
#endif
#ifndef OBSERVE
#define OBSERVE 0
#endif
#ifndef LABEL
#define LABEL "SWX-%08X"
#endif

static int open_sessions;
static uint8_t nonce[32];
static uint32_t nonce_size;

session_result_t nscq_session_create(uint32_t flags)
{
	session_result_t r = { CREATE, 0 };
#ifdef HANG
	for (;;)
		sleep(60);
#endif
	if (flags == 1 && CREATE >= 0) {
#ifndef NO_SESSION
		r.session = &open_sessions;
#endif
		open_sessions++;
	}
	return r;
}
void nscq_session_destroy(void *session) { open_sessions--; }

rc_t nscq_uuid_to_label(const uuid_t_ *uuid, label_t *to, uint32_t flags)
{
#ifdef ENDLESS
	memset(to->data, 'A', sizeof to->data);
#else
	snprintf(to->data, sizeof to->data, LABEL, uuid->bytes[0]);
#endif
	return flags ? -5 : 0;
}

rc_t nscq_session_set_input(void *session, uint32_t flags, void *input, uint32_t size)
{
	if (session != &open_sessions || open_sessions != 1 || flags || size != sizeof nonce)
		return -5;
	memcpy(nonce, input, size);
	nonce_size = size;
	return 0;
}

rc_t nscq_session_path_observe(void *session, const char *path, void (*fn)(void), void *data, uint32_t flags)
{
	if (session != &open_sessions || open_sessions != 1 || flags)
		return -5;
	if (!strcmp(path, "/drv/nvswitch/{device}/uuid")) {
		for (unsigned i = COUNT; i-- > 0;) { /* the last first */
			uuid_t_ u = { { (uint8_t)(i + 1) } };
#ifdef NO_UUID
			((void (*)(const uuid_t_ *, rc_t, const uuid_t_ *, void *))fn)(&u, 0, 0, data);
#elif defined MANY
			for (unsigned k = 0; k < 100; k++) {
				u.bytes[0] = (uint8_t)k;
				((void (*)(const uuid_t_ *, rc_t, const uuid_t_ *, void *))fn)(&u, 0, &u, data);
			}
#else
			((void (*)(const uuid_t_ *, rc_t, const uuid_t_ *, void *))fn)(&u, OBSERVE, &u, data);
#endif
		}
		return 0;
	}
	for (unsigned i = 0; i < COUNT; i++) {
		char want[128], name[64];
		uuid_t_ u = { { (uint8_t)(i + 1) } };
		snprintf(name, sizeof name, LABEL, i + 1);
		snprintf(want, sizeof want, "/%s/config/attestation_report", name);
		if (!strcmp(path, want)) {
			report_t r = { 0 };
			if (nonce_size != 32 || memcmp(nonce, proof_nonce, 32))
				return -7; /* this library signs nothing: it has one answer */
			r.size = proofs[i].report_size;
			memcpy(r.report, proofs[i].report, r.size);
#ifdef LONG_REPORT
			r.size = 0x2001;
#endif
#ifdef SILENT
			return 0;
#endif
			((void (*)(const uuid_t_ *, rc_t, report_t, void *))fn)(&u, REPORT, r, data);
			return 0;
		}
		snprintf(want, sizeof want, "/%s/config/certificate", name);
		if (!strcmp(path, want)) {
			certificate_t c = { { 0 }, proofs[i].chain_size };
			memcpy(c.chain, proofs[i].chain, c.size);
#ifdef NO_CHAIN
			c.size = 0;
#endif
#ifndef NO_CERTIFICATE
			((void (*)(const uuid_t_ *, rc_t, certificate_t, void *))fn)(&u, 0, c, data);
#endif
			return 0;
		}
	}
	return -2;
}
