/**
 * Turns what scanners, keyboards and the clipboard deliver into the text of a carrier.
 *
 * GS (0x1D), the separator of GS1 codes, cannot be typed into a text box: keyboard-wedge
 * scanners send Ctrl+], Alt+029 on the number pad, or the character itself. Inside the box it is
 * shown as ␝, so that a person sees it; on the way to the server it is GS again.
 */
export const GS = "\x1d";
export const GS_SYMBOL = "␝";

/** Text for the box: control characters that scanners add are dropped, GS is made visible. */
export function toVisible(text) {
    return (
        text
            .replaceAll(`${GS_SYMBOL}${GS}`, GS_SYMBOL)
            .replaceAll(GS, GS_SYMBOL)
            // eslint-disable-next-line no-control-regex
            .replace(/[\u0000-\u001c\u001e\u001f\u007f]/g, "")
    );
}

/** Text for the server. Blanks stay: a space at the end can be the check character of HIBC. */
export function toCarrier(text) {
    return text.replaceAll(GS_SYMBOL, GS);
}

/** Lines of a pasted text that hold something. */
export function pastedLines(text) {
    return text.split(/[\r\n]+/).filter((line) => line.trim());
}

/**
 * Follows key events and says when they stand for GS.
 * Alt+029 comes as Alt down, digits with Alt held, Alt up.
 */
export class SeparatorKeys {
    constructor() {
        this.altDigits = "";
    }

    /** @returns {"insert"|"swallow"|false} what to do with a keydown */
    onKeydown(ev) {
        if (ev.ctrlKey && !ev.altKey && !ev.metaKey) {
            if (ev.key === "]" || ev.key === GS || ev.code === "BracketRight") {
                return "insert";
            }
        }
        // Without NumLock the number pad says "Insert", "End", ...; its code tells the digit.
        const digit = /^(?:Numpad|Digit)([0-9])$/.exec(ev.code)?.[1] || /^[0-9]$/.exec(ev.key)?.[0];
        if (ev.altKey && !ev.ctrlKey && digit) {
            this.altDigits += digit;
            return "swallow";
        }
        if (ev.key === "Alt") {
            this.altDigits = "";
        }
        return ev.key === GS ? "insert" : false;
    }

    /** @returns {boolean} whether a keyup ends the sequence of GS */
    onKeyup(ev) {
        if (ev.key !== "Alt") {
            return false;
        }
        const isSeparator = /^0*29$/.test(this.altDigits);
        this.altDigits = "";
        return isSeparator;
    }
}
