"""Runs the model of PyPI's silero-vad on a recording that it makes.

The arguments are a folder to keep the wheel in and a folder for `speech.wav` and `result.json`, which has the model's path and what it
computes; or, where the wheel cannot be had, the reason.
"""

import json
import math
import struct
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import torch

WHEEL = "silero-vad==6.2.3"


def fetch(cache):
    """The model's path, with the package's own code beside it."""
    model = cache / "silero_vad" / "data" / "silero_vad.jit"
    if not model.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), WHEEL]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
        if ended.returncode != 0:
            raise RuntimeError(ended.stderr.strip().splitlines()[-1])
        [wheel] = cache.glob("silero_vad-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extract("silero_vad/data/silero_vad.jit", cache)
        wheel.unlink()
    return model


def samples(rate):
    """Silence, and then vowels: a buzz of harmonics that rises and falls, under three formants."""
    made = []
    for i in range(2 * rate):
        t = i / rate
        pitch = 120 + 15 * math.sin(2 * math.pi * 0.8 * t)
        value = 0.0
        for harmonic in range(1, 30):
            frequency = harmonic * pitch
            gain = sum(math.exp(-(((frequency - f) / 120) ** 2)) for f in (600 + 150 * math.sin(5 * t), 1200, 2500))
            value += gain * math.sin(2 * math.pi * harmonic * (120 * t - 15 / (1.6 * math.pi) * math.cos(2 * math.pi * 0.8 * t)))
        loud = 0.0 if t < 0.4 or t > 1.7 else 0.5 + 0.5 * math.sin(2 * math.pi * 3 * t)
        made.append(max(-1, min(1, 0.25 * value * loud)))
    return [int(32767 * one) for one in made]


def main():
    cache, folder = Path(sys.argv[1]), Path(sys.argv[2])
    result = folder / "result.json"
    try:
        path = fetch(cache)
    except Exception as error:
        result.write_text(json.dumps({"reason": f"{WHEEL} cannot be had: {error}"}))
        return
    rate = 16000
    given = samples(rate)
    with wave.open(str(folder / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(given)}h", *given))
    torch.set_num_threads(1)
    model = torch.jit.load(str(path)).eval()
    wav = torch.tensor(given, dtype=torch.float32) / 32768
    with torch.no_grad():
        # The package's own loop over the chunks.
        expected = model.audio_forward(wav, rate).flatten().tolist()
    result.write_text(json.dumps({"model": str(path), "expected": expected}))


if __name__ == "__main__":
    main()
