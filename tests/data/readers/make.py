"""Writes the files beside it, which the readers' tests read: python3 make.py

Made with NumPy 1.24.2 (Debian 12, python3-numpy). idx files are written by hand below."""
import os
import struct

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
a = np.array([[1.5, np.nan, -3.0], [4.25, 5.0, 1e300]])
np.save("f8.npy", a)
np.save("f8-fortran.npy", np.asfortranarray(a))
np.save("f4-big.npy", a[:, :2].astype(">f4"))
np.save("f2.npy", np.array([[0.1, 65504, 6e-8], [-2, np.nan, 0]], dtype="<f2"))
np.save("i2-big.npy", np.array([[-300, 2], [32767, -32768]], dtype=">i2"))
np.save("i8.npy", np.array([[-5], [2**40]], dtype="<i8"))
np.save("u1-image.npy", np.arange(2 * 3 * 4, dtype="u1").reshape(2, 3, 4))
np.save("u1-image-fortran.npy",
        np.asfortranarray(np.arange(2 * 2 * 3 * 4, dtype="u1").reshape(2, 2, 3, 4)))
np.save("b1.npy", np.array([True, False, True]))
np.save("labels.npy", np.array([7, 3], dtype="<i4"))
np.save("object.npy", np.array([None, 3], dtype=object), allow_pickle=True)
with open("v3.npy", "wb") as out:
    np.lib.format.write_array(out, a, version=(3, 0))
np.savez("stored.npz", x=a, y=np.array([1, 0]))
np.savez_compressed("deflated.npz", x=a, y=np.array([1, 0]))
np.savez("one.npz", a)
with open("images.idx", "wb") as out:  # 2 images of 2 x 3 bytes
    out.write(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 2, 3) + bytes([0, 51, 102, 153, 204, 255,
                                                                    6, 7, 8, 9, 10, 11]))
with open("labels.idx", "wb") as out:
    out.write(struct.pack(">BBBBI", 0, 0, 8, 1, 2) + bytes([9, 4]))
with open("f8.idx", "wb") as out:
    out.write(struct.pack(">BBBBII4d", 0, 0, 0x0E, 2, 2, 2, 1.5, float("nan"), -3, 1e-300))
