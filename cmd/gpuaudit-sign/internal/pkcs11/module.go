package pkcs11

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ebitengine/purego"
)

// Numbers of PKCS #11 v2.40 (OASIS, Cryptographic Token Interface Base
// Specification, appendix B, and Current Mechanisms).
const (
	okay               = 0x000 // CKR_OK
	alreadyLoggedIn    = 0x100 // CKR_USER_ALREADY_LOGGED_IN
	alreadyInitialized = 0x191 // CKR_CRYPTOKI_ALREADY_INITIALIZED

	osLockingOK   = 0x2 // CKF_OS_LOCKING_OK
	loginRequired = 0x4 // CKF_LOGIN_REQUIRED
	serialSession = 0x4 // CKF_SERIAL_SESSION
	user          = 0x1 // CKU_USER

	attrClass    = 0x000 // CKA_CLASS
	attrLabel    = 0x003 // CKA_LABEL
	attrKeyType  = 0x100 // CKA_KEY_TYPE
	attrID       = 0x102 // CKA_ID
	attrECParams = 0x180 // CKA_EC_PARAMS
	attrECPoint  = 0x181 // CKA_EC_POINT

	publicKey  = 0x2    // CKO_PUBLIC_KEY
	privateKey = 0x3    // CKO_PRIVATE_KEY
	keyEC      = 0x3    // CKK_EC
	ecdsaRaw   = 0x1041 // CKM_ECDSA
)

// Failures that people meet, in words; others are named by number.
var returned = map[uint]string{
	0x005: "the token failed (CKR_GENERAL_ERROR)",
	0x030: "the device failed (CKR_DEVICE_ERROR)",
	0x032: "the device was removed (CKR_DEVICE_REMOVED)",
	0x0a0: "the PIN is wrong (CKR_PIN_INCORRECT)",
	0x0a4: "the PIN is locked (CKR_PIN_LOCKED)",
	0x0e0: "the token is not there (CKR_TOKEN_NOT_PRESENT)",
	0x101: "it needs a PIN (CKR_USER_NOT_LOGGED_IN)",
	0x102: "the PIN was never set (CKR_USER_PIN_NOT_INITIALIZED)",
	0x070: "the token cannot sign so (CKR_MECHANISM_INVALID)",
	0x068: "the key may not sign (CKR_KEY_FUNCTION_NOT_PERMITTED)",
}

// attribute is CK_ATTRIBUTE, mechanism CK_MECHANISM without a parameter.
type attribute struct {
	kind   uint
	value  *byte
	length uint
}

type mechanism struct {
	kind uint
	_    *byte // pParameter
	_    uint  // ulParameterLen
}

// initArgs is CK_C_INITIALIZE_ARGS.
type initArgs struct {
	_     [4]uintptr // functions for mutexes
	flags uint
	_     uintptr // pReserved
}

// tokenInfo is CK_TOKEN_INFO.
type tokenInfo struct {
	label, manufacturer [32]byte
	model, serial       [16]byte
	flags               uint
	_                   [10]uint // counts of sessions, lengths of PINs, memory
	_                   [24]byte // versions, time, padding
}

func (t *tokenInfo) is(u *URI) bool {
	same := func(field []byte, want string) bool {
		return want == "" || strings.TrimRight(string(field), " ") == want
	}
	return same(t.label[:], u.Token) && same(t.manufacturer[:], u.Manufacturer) && same(t.model[:], u.Model) && same(t.serial[:], u.Serial)
}

// module is a loaded library: those of its functions that are called here.
type module struct {
	initialize        func(args *initArgs) uint
	getSlotList       func(present uint8, list []uint, count *uint) uint
	getTokenInfo      func(slot uint, info *tokenInfo) uint
	openSession       func(slot, flags uint, application, notify uintptr, session *uint) uint
	closeSession      func(session uint) uint
	login             func(session, kind uint, pin []byte, length uint) uint
	findObjectsInit   func(session uint, template []attribute, count uint) uint
	findObjects       func(session uint, objects []uint, most uint, count *uint) uint
	findObjectsFinal  func(session uint) uint
	getAttributeValue func(session, object uint, template []attribute, count uint) uint
	signInit          func(session uint, m *mechanism, key uint) uint
	sign              func(session uint, data []byte, length uint, signature []byte, size *uint) uint
}

// load opens the library and initialises it.
func load(path string) (m *module, err error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%w: module %.100q: name the library by its whole path", ErrKey, path)
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("%w: module: %w", ErrKey, err)
	}
	m = &module{}
	for name, function := range map[string]any{
		"C_Initialize": &m.initialize, "C_GetSlotList": &m.getSlotList, "C_GetTokenInfo": &m.getTokenInfo,
		"C_OpenSession": &m.openSession, "C_CloseSession": &m.closeSession, "C_Login": &m.login,
		"C_FindObjectsInit": &m.findObjectsInit, "C_FindObjects": &m.findObjects, "C_FindObjectsFinal": &m.findObjectsFinal,
		"C_GetAttributeValue": &m.getAttributeValue, "C_SignInit": &m.signInit, "C_Sign": &m.sign,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("%w: module %s: it has no function %s", ErrKey, path, name)
		}
		purego.RegisterFunc(function, symbol)
	}
	if rv := m.initialize(&initArgs{flags: osLockingOK}); rv != okay && rv != alreadyInitialized {
		return nil, fmt.Errorf("%w: module %s: initialise: %w", ErrKey, path, failure(rv))
	}
	return m, nil
}

func failure(rv uint) error {
	if words := returned[rv]; words != "" {
		return errors.New(words)
	}
	return fmt.Errorf("PKCS #11 error 0x%x", rv)
}

// maxSlots and maxObjects cap what a library may list.
const (
	maxSlots   = 256
	maxObjects = 64
)

// token finds the one slot whose token the URI names.
func (m *module) token(u *URI) (slot uint, info *tokenInfo, err error) {
	slots, count := make([]uint, maxSlots), uint(maxSlots)
	if rv := m.getSlotList(1, slots, &count); rv != okay {
		return 0, nil, fmt.Errorf("list slots: %w", failure(rv))
	}
	for _, s := range slots[:min(count, maxSlots)] {
		var t tokenInfo
		if m.getTokenInfo(s, &t) != okay || !t.is(u) {
			continue
		}
		if info != nil {
			return 0, nil, errors.New("several tokens match: name one with token= or serial=")
		}
		slot, info = s, &t
	}
	if info == nil {
		return 0, nil, errors.New("no token matches")
	}
	return slot, info, nil
}

// find lists the objects that have these attributes.
func (m *module) find(session uint, template []attribute) ([]uint, error) {
	if rv := m.findObjectsInit(session, template, uint(len(template))); rv != okay {
		return nil, fmt.Errorf("find objects: %w", failure(rv))
	}
	defer m.findObjectsFinal(session)
	objects, count := make([]uint, maxObjects), uint(0)
	if rv := m.findObjects(session, objects, maxObjects, &count); rv != okay {
		return nil, fmt.Errorf("find objects: %w", failure(rv))
	}
	return objects[:min(count, maxObjects)], nil
}

// value reads an attribute of at most 256 bytes.
func (m *module) value(session, object, kind uint) ([]byte, error) {
	buffer := make([]byte, 256)
	template := []attribute{{kind, &buffer[0], uint(len(buffer))}}
	if rv := m.getAttributeValue(session, object, template, 1); rv != okay {
		return nil, fmt.Errorf("read attribute 0x%x: %w", kind, failure(rv))
	}
	if template[0].length > uint(len(buffer)) {
		return nil, fmt.Errorf("attribute 0x%x: %d bytes", kind, template[0].length)
	}
	return buffer[:template[0].length], nil
}

// number is an attribute whose value is a CK_ULONG in the machine's order.
func number(kind, value uint) attribute {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(value >> (8 * i)) // amd64 and arm64 are little-endian
	}
	return attribute{kind, &b[0], uint(len(b))}
}

func text(kind uint, value string) attribute {
	b := []byte(value)
	return attribute{kind, &b[0], uint(len(b))}
}
