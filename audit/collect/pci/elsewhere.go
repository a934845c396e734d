package pci

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// plainDisplays are drivers of displays that compute nothing: frame buffers that
// firmware left, virtual machines', USB displays, tests; and the partitions of an
// AMD GPU, which is on PCI.
var plainDisplays = set(`simple-framebuffer simpledrm efi-framebuffer efidrm vesa-framebuffer vesadrm ofdrm of-display
	vgem vkms evdi faux_driver hyperv_drm hyperv_fb virtio_gpu virtio-mmio udl gud amdgpu_xcp amdgpu_xcp_drv
	vdispl ssd130x-i2c ssd130x-spi`)

// plainDevice is the same by the name of the device, where no driver is bound to it.
var plainDevice = lazyregexp.New(`^(?:vgem|vkms|evdi|simple-framebuffer|efi-framebuffer|vesa-framebuffer|amdgpu_xcp)(?:[._][0-9]+)?$`)

// platformDrivers run the GPUs and the accelerators of systems on chip.
var platformDrivers = set(`gk20a nvgpu nouveau tegra-nvdla nvdla panfrost panthor lima mali bifrost etnaviv etnaviv-gpu galcore
	adreno msm_gpu kgsl-3d0 v3d vc4_v3d pvrsrvkm powervr RKNPU rknpu rocket asahi ethosu ethos-u mtk-apusys ascend-drv`)

// platformName is how device trees call a GPU or an accelerator: "17000000.gpu".
var platformName = lazyregexp.New(`^(?:[0-9a-f]+\.)?(?:gpu|gpu3d|gpu2d|npu|nvdla[0-9]*|mali|tpu)(?:[.@][0-9a-f]+)?$`)

// usbAccelerators are the accelerators that hang at USB, by vendor and product; a
// product that is "" is any: these makers make nothing else.
var usbAccelerators = map[[2]string]string{
	{"1a6e", "089a"}: "Google Coral USB Accelerator, before its firmware",
	{"18d1", "9302"}: "Google Coral USB Accelerator",
	{"03e7", ""}:     "Intel Movidius",
	{"3231", ""}:     "Kneron",
}

// dxgChannels are the classes of the VMBus devices by which Hyper-V and WSL2 lend a
// GPU (Microsoft's dxgkrnl): the one of the machine, and one for each GPU.
var dxgChannels = map[string]bool{
	"dde9cbc0-5060-4436-9448-ea1254a5d177": true,
	"6e382d18-3336-4f4b-acc4-2b7703d4df4a": true,
}

const (
	platformDriversDir = "sys/bus/platform/drivers"
	usbDevicesDir      = "sys/bus/usb/devices"
	vmbusDevicesDir    = "sys/bus/vmbus/devices"
)

// platformDevices are where the devices of systems on chip are.
var platformDevices = [...]string{"sys/bus/platform/devices", "sys/devices/platform"}

// elsewhere names GPUs and accelerators that are no PCI functions.
func (s *survey) elsewhere() {
	s.platform()
	s.usb()
	s.lent()
}

func (s *survey) platform() {
	see := func(name, source, driver string) {
		s.see(inventory.Unaudited{Kind: inventory.UnauditedPlatform, Name: name, Source: source, Driver: driver,
			Detail: "a GPU or accelerator of the system on chip; it has no PCI facts to audit"})
	}
	for _, driver := range s.list(platformDriversDir) {
		if !platformDrivers[driver.Name()] {
			continue
		}
		dir := platformDriversDir + "/" + driver.Name()
		for _, e := range s.list(dir) {
			if e.Type() == fs.ModeSymlink && e.Name() != "module" {
				see(e.Name(), dir+"/"+e.Name(), driver.Name())
			}
		}
	}
	for _, dir := range platformDevices {
		for _, e := range s.list(dir) {
			if platformName.MatchString(e.Name()) {
				driver, _ := collect.LinkBase(s.fsys, dir+"/"+e.Name()+"/driver")
				see(e.Name(), dir+"/"+e.Name(), driver)
			}
		}
	}
}

func (s *survey) usb() {
	for _, e := range s.list(usbDevicesDir) {
		if strings.Contains(e.Name(), ":") { // an interface
			continue
		}
		dir := usbDevicesDir + "/" + e.Name()
		vendor, err := collect.Attr(s.fsys, dir+"/idVendor")
		if err != nil {
			s.unread(usbDevicesDir+"/*/idVendor", err)
			continue
		}
		product, err := collect.Attr(s.fsys, dir+"/idProduct")
		if err != nil {
			s.unread(usbDevicesDir+"/*/idProduct", err)
		}
		vendor, product = strings.ToLower(vendor), strings.ToLower(product)
		what := usbAccelerators[[2]string{vendor, product}]
		if what == "" {
			what = usbAccelerators[[2]string{vendor, ""}]
		}
		if what != "" {
			s.see(inventory.Unaudited{Kind: inventory.UnauditedUSB, Name: e.Name(), Source: dir + "/idVendor",
				Detail: fmt.Sprintf("an accelerator at USB, %.4s:%.4s (%s); it has no PCI facts to audit", vendor, product, what)})
		}
	}
}

// lent names the GPU that Hyper-V, or Windows under WSL2, lends.
func (s *survey) lent() {
	see := func(name, source string) {
		s.see(inventory.Unaudited{Kind: inventory.UnauditedLent, Name: name, Source: source, Driver: "dxgkrnl",
			Detail: "the host of this virtual machine lends a GPU through dxgkrnl; only the host can audit it"})
	}
	for _, source := range []string{"sys/class/misc/dxg", "dev/dxg"} {
		switch _, err := fs.Lstat(s.fsys, source); {
		case err == nil:
			see("dxg", source)
		case source == "sys/class/misc/dxg": // of the two, the one that confinement leaves
			s.unread(source, err)
		}
	}
	for _, e := range s.list(vmbusDevicesDir) {
		source := vmbusDevicesDir + "/" + e.Name() + "/class_id"
		class, err := collect.Attr(s.fsys, source)
		if err != nil {
			s.unread(vmbusDevicesDir+"/*/class_id", err)
		} else if dxgChannels[strings.ToLower(strings.Trim(class, "{}"))] {
			see("dxg", source)
		}
	}
}
