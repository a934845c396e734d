/* A library with the functions of NVML that gpuaudit calls, made for its tests:
 * one GPU in order, and faults that the macros plant. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	char legacy[16];
	uint32_t domain, bus, device, id, subsystem;
	char text[32];
} pci_t;

typedef struct { uint64_t total, free, used; } memory_t;

#ifndef COUNT
#define COUNT 1
#endif
#ifndef BUS
#define BUS 1
#endif
#ifndef INIT
#define INIT 0
#endif

static int say(char *to, uint32_t n, const char *text)
{
	if (strlen(text) + 1 > n)
		return 7; /* insufficient size */
	strcpy(to, text);
	return 0;
}

int nvmlInit_v2(void)
{
#ifdef HANG
	for (;;)
		sleep(60);
#endif
	return INIT;
}
int nvmlShutdown(void) { return 0; }
#ifndef NO_COUNT
int nvmlDeviceGetCount_v2(uint32_t *n) { *n = COUNT; return 0; }
#endif
int nvmlDeviceGetHandleByIndex_v2(uint32_t i, void **d)
{
#ifdef LOST_HANDLE
	if (i == 1)
		return LOST_HANDLE;
#endif
	 *d = (void *)(uintptr_t)(i + 0x1000); return i < COUNT ? 0 : 2;
}
int nvmlDeviceGetPciInfo_v3(void *d, pci_t *p)
{
	memset(p, 0, sizeof *p);
	p->bus = BUS + (COUNT - 1 - (uint32_t)((uintptr_t)d - 0x1000)); /* the last first */
	p->id = 0x268410de;
	p->subsystem = 0x167c10de;
	return 0;
}
int nvmlSystemGetDriverVersion(char *to, uint32_t n) { return say(to, n, "580.95.05"); }
int nvmlSystemGetNVMLVersion(char *to, uint32_t n) { return say(to, n, "13.580.95.05"); }
int nvmlDeviceGetVbiosVersion(void *d, char *to, uint32_t n)
{
#if defined ENDLESS
	memset(to, 'A', n);
	return 0;
#elif defined CONTROL
	return say(to, n, "95.02\033[2J");
#elif defined LONG
	memset(to, 'A', n - 1);
	to[n - 1] = 0;
	return 0;
#elif defined SILENT
	return 0;
#else
	return say(to, n, "95.02.3C.40.B6");
#endif
}
int nvmlDeviceGetSerial(void *d, char *to, uint32_t n) { return 3; }
int nvmlDeviceGetUUID(void *d, char *to, uint32_t n) { return say(to, n, "GPU-11111111-2222-3333-4444-555555555555"); }
#ifndef NO_BOARD
int nvmlDeviceGetBoardPartNumber(void *d, char *to, uint32_t n) { return say(to, n, "900-1G136-2530-000"); }
#endif
int nvmlDeviceGetInforomImageVersion(void *d, char *to, uint32_t n) { return say(to, n, "G002.0000.00.03"); }
int nvmlDeviceGetMemoryInfo(void *d, memory_t *m)
{
#ifdef LOST
	return 15;
#endif
	m->total = 25757220864ull;
	return 0;
}
int nvmlDeviceGetTotalEccErrors(void *d, int kind, int counter, unsigned long long *n)
{
#ifdef GEFORCE
	return 3;
#endif
	*n = counter == 1 ? kind == 1 ? 2 : 40 : 999; /* 999: since the driver was loaded */
	return 0;
}
int nvmlDeviceGetRemappedRows(void *d, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed)
{
#ifdef GEFORCE
	return 3;
#endif
	*corrected = 1;
	*uncorrected = 2;
	*pending = 1;
	*failed = 0;
	return 0;
}
int nvmlDeviceGetPcieReplayCounter(void *d, unsigned *n) { *n = 9; return 0; }
#ifndef OLD
typedef struct {
	uint32_t field, scope;
	int64_t timestamp, latency;
	uint32_t type;
	int32_t ret;
	union { double d; uint32_t u; uint64_t l; } value;
} field_t;

int nvmlDeviceGetName(void *d, char *to, uint32_t n) { return say(to, n, "NVIDIA GeForce RTX 4090"); }
int nvmlDeviceGetFieldValues(void *d, int count, field_t *values)
{
	if (count != 1 || values->field != 230)
		return 2;
	values->type = 1; /* unsigned int */
#ifdef FAULTY
	values->value.u = 1;
#elif defined UNKNOWN_FIELD
	values->ret = 2;
#endif
	return 0;
}
#ifdef FAULTY
int nvmlDeviceValidateInforom(void *d) { return 14; }
#else
int nvmlDeviceValidateInforom(void *d) { return 0; }
#endif
#endif

/* What GPUs sign of themselves. PROOF names a header with the nonce that is answered, and
 * with reports and certificates. */
#ifdef PROOF
#include PROOF

typedef struct {
	uint32_t has_cec, size, size_cec;
	unsigned char nonce[32], report[0x2000], report_cec[0x1000];
} report_t;

typedef struct {
	uint32_t size, attestation_size;
	unsigned char chain[0x1000], attestation[0x1400];
} certificate_t;

typedef struct { uint32_t version; unsigned long long value; } pdi_t;
typedef struct { uint32_t version, environment, feature, devtools, multi; } settings_t;
typedef struct { uint32_t environment, feature, devtools; } state_t;

#ifndef DEVTOOLS
#define DEVTOOLS 0
#endif

static unsigned place(void *d) { return (unsigned)((uintptr_t)d - 0x1000) % (sizeof proofs / sizeof *proofs); }

int nvmlDeviceGetConfComputeGpuAttestationReport(void *d, report_t *r)
{
#ifdef REFUSES
	return REFUSES;
#endif
	if (memcmp(r->nonce, proof_nonce, 32))
		return 2; /* this library signs nothing: it has one answer */
	r->size = proofs[place(d)].report_size;
	memcpy(r->report, proofs[place(d)].report, r->size);
#ifdef LONG_REPORT
	r->size = 0x2001;
#endif
	return 0;
}
int nvmlDeviceGetConfComputeGpuCertificate(void *d, certificate_t *c)
{
	c->attestation_size = proofs[place(d)].chain_size;
	memcpy(c->attestation, proofs[place(d)].chain, c->attestation_size);
#ifdef NO_CHAIN
	c->attestation_size = 0;
#endif
	return 0;
}
#ifndef NO_PDI
int nvmlDeviceGetPdi(void *d, pdi_t *p)
{
	if (p->version != (sizeof *p | 1 << 24))
		return 25; /* another version of the structure */
	p->value = 0x2921CE551E4EEDA3ull + place(d);
	return 0;
}
#endif
#ifdef OLD_STATE
int nvmlSystemGetConfComputeState(state_t *s)
{
	s->environment = 2;
	s->feature = 1;
	s->devtools = DEVTOOLS;
	return 0;
}
#else
int nvmlSystemGetConfComputeSettings(settings_t *s)
{
	if (s->version != (sizeof *s | 1 << 24))
		return 25;
	s->environment = 2;
	s->feature = 1;
	s->devtools = DEVTOOLS;
	s->multi = 7;
	return 0;
}
#endif
#endif
