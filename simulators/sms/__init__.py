from simulators.sms.provider import SimulatedSms

__all__ = ["SimulatedSms"]
