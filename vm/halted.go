package vm

import "github.com/digitalocean/go-libvirt"

// halted says why the domain does not run, empty if it does.
func (is *standing) halted() string {
	state, why := "", ""
	switch is.state {
	case libvirt.DomainShutoff, libvirt.DomainNostate:
		state, why = "it is shut off", shutOff(libvirt.DomainShutoffReason(is.reason))
	case libvirt.DomainCrashed:
		state = "it has crashed"
	case libvirt.DomainPaused:
		state, why = "it is paused", paused(libvirt.DomainPausedReason(is.reason))
	case libvirt.DomainPmsuspended:
		state = "it is suspended"
	case libvirt.DomainShutdown:
		state = "it is shutting down"
	}
	if why != "" {
		return state + ": " + why
	}
	return state
}

// shutOff is what libvirt knows of a domain's end; it forgets that when it restarts.
func shutOff(reason libvirt.DomainShutoffReason) string {
	switch reason {
	case libvirt.DomainShutoffShutdown:
		return "its guest shut down"
	case libvirt.DomainShutoffDestroyed:
		return "somebody cut it off (virsh destroy)"
	case libvirt.DomainShutoffCrashed:
		return "its guest or QEMU crashed"
	case libvirt.DomainShutoffSaved:
		return "somebody saved its memory (virsh managedsave), which is taken up again"
	case libvirt.DomainShutoffFailed:
		return "QEMU could not be started, or failed (/var/log/libvirt/qemu tells)"
	case libvirt.DomainShutoffDaemon:
		return "QEMU ended while libvirtd was away"
	default:
		return ""
	}
}

func paused(reason libvirt.DomainPausedReason) string {
	switch reason {
	case libvirt.DomainPausedUser:
		return "somebody paused it (virsh suspend)"
	case libvirt.DomainPausedIoerror:
		return "its disk could not be read or written, for which a full file system is the usual cause"
	case libvirt.DomainPausedWatchdog:
		return "its watchdog barked"
	case libvirt.DomainPausedCrashed:
		return "its guest crashed"
	default:
		return ""
	}
}

// dead says whether the domain has a process whose guest can never go on.
func (is *standing) dead() bool {
	return is.state == libvirt.DomainCrashed ||
		is.state == libvirt.DomainPaused && libvirt.DomainPausedReason(is.reason) == libvirt.DomainPausedCrashed
}
