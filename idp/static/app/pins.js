// PINs that anybody would try first are refused; nothing else is ever asked about a PIN on this device.

const FORWARD = "01234567890123456789";
const KEYPAD = ["2580", "0852", "1470", "7410", "1379", "1397", "2468", "8642", "1357", "7531", "147258", "258369", "159753"];

// Why a PIN will not do: "length", "common", or null if it will.
export const fault = (pin, digits) => {
  if (!new RegExp(`^[0-9]{${digits}}$`).test(pin)) return "length";
  return common(pin) ? "common" : null;
};

const common = (pin) => repeats(pin) || follows(pin) || isYear(pin) || isDay(pin) || KEYPAD.includes(pin);

// 0000, 1212, 123123, and 1122: halves or pairs of one.
const repeats = (pin) => /^(.)\1*$/.test(pin) || /^(..+)\1+$/.test(pin) || /^((.)\2)+$/.test(pin);

const follows = (pin) => FORWARD.includes(pin) || FORWARD.includes(reversed(pin));

const reversed = (pin) => [...pin].reverse().join("");

const isYear = (pin) => pin.length === 4 && /^(19|20)/.test(pin);

// Six digits are often a day: 150885, 850815.
const isDay = (pin) => {
  if (pin.length !== 6) return false;
  const [first, second, third] = pin.match(/../g).map(Number);
  return date(first, second) || date(third, second);
};

const date = (day, month) => day >= 1 && day <= 31 && month >= 1 && month <= 12;
