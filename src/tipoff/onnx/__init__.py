"""A trained model as one ONNX file that takes pixels of any size, and what is written in it beside the network.

`metadata` is read where nothing but onnxruntime is installed; the other modules need `tipoff[onnx]`.
"""
