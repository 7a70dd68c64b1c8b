/**
 * One sentence for each of the commoner ops, by ATen's name: what the result is.
 *
 * In-place ops take the sentence of the op that they do in place; names not listed get a general one.
 *
 * @module
 */

const text = `
abs: The absolute value of each element; of a complex one its modulus.
absolute: The absolute value of each element; the same as \`abs\`.
acos: The inverse cosine of each element, in radians.
acosh: The inverse hyperbolic cosine of each element.
adaptive_avg_pool1d: Averages over as many windows as there are outputs asked for, whatever the input's length.
adaptive_avg_pool2d: Averages over as many windows as there are outputs asked for, whatever the input's height and width.
adaptive_avg_pool3d: Averages over as many windows as there are outputs asked for, whatever the input's three sizes.
adaptive_max_pool1d: The maximum of as many windows as there are outputs asked for, and where each was found.
add: Adds \`other\`, times \`alpha\`, element by element.
addbmm: Adds the sum of the matrix products of two batches.
addcdiv: Adds \`value * tensor1 / tensor2\`, element by element.
addcmul: Adds \`value * tensor1 * tensor2\`, element by element.
addmm: The matrix product of \`mat1\` and \`mat2\`, times \`alpha\`, plus this tensor times \`beta\`.
addmv: The product of a matrix and a vector, times \`alpha\`, plus this tensor times \`beta\`.
addr: The outer product of two vectors, times \`alpha\`, plus this matrix times \`beta\`.
adjoint: The conjugate of the tensor with its last two dimensions swapped, as a view.
alias_copy: A copy of the tensor.
all: Whether all elements (of the tensor, or along a dimension) are true or not zero.
allclose: Whether all elements of both tensors are equal within a tolerance.
alpha_dropout: Sets elements to a negative saturation value at random, keeping mean and variance as \`selu\` expects.
amax: The largest element, of the whole or along dimensions; equal ones share the gradient.
amin: The smallest element, of the whole or along dimensions; equal ones share the gradient.
aminmax: The smallest and the largest element, in one pass.
angle: The angle of each complex element, in radians.
any: Whether any element (of the tensor, or along a dimension) is true or not zero.
arange: The numbers from \`start\` up to, and not including, \`end\`, by \`step\`.
arccos: The inverse cosine of each element; the same as \`acos\`.
arccosh: The inverse hyperbolic cosine of each element; the same as \`acosh\`.
arcsin: The inverse sine of each element; the same as \`asin\`.
arcsinh: The inverse hyperbolic sine of each element; the same as \`asinh\`.
arctan: The inverse tangent of each element; the same as \`atan\`.
arctan2: The angle of each point (\`other\`, \`self\`); the same as \`atan2\`.
arctanh: The inverse hyperbolic tangent of each element; the same as \`atanh\`.
argmax: The index of the largest element, of the flattened tensor or along a dimension.
argmin: The index of the smallest element, of the flattened tensor or along a dimension.
argsort: The indices that sort the tensor along a dimension.
argwhere: The indices of the elements that are not zero, a row for each.
as_strided: A view of the tensor's storage with the given sizes, strides and offset.
asin: The inverse sine of each element, in radians.
asinh: The inverse hyperbolic sine of each element.
atan: The inverse tangent of each element, in radians.
atan2: The angle of each point (\`other\`, \`self\`), in radians from -π to π.
atanh: The inverse hyperbolic tangent of each element.
atleast_1d: The tensor with at least one dimension.
atleast_2d: The tensor with at least two dimensions.
atleast_3d: The tensor with at least three dimensions.
avg_pool1d: Averages over windows that slide along the last dimension.
avg_pool2d: Averages over windows that slide over the last two dimensions.
avg_pool3d: Averages over windows that slide over the last three dimensions.
baddbmm: The products of two batches of matrices, times \`alpha\`, plus this tensor times \`beta\`.
bartlett_window: A triangular window of the given length.
batch_norm: Normalizes each channel over the batch, then scales and shifts it.
bernoulli: Draws 0 or 1 for each element, which is the probability of 1.
bilinear: Applies a bilinear form to each pair of rows of two tensors.
binary_cross_entropy_with_logits: The cross entropy between targets and logits, through a sigmoid that does not overflow.
bincount: How often each number from 0 on occurs, or the sum of its weights.
binomial: Draws from binomial distributions with these counts and probabilities.
bitwise_and: The bits set in both; of booleans the logical and.
bitwise_left_shift: Shifts the bits of each integer to the left.
bitwise_not: Flips the bits of each integer; of booleans the logical not.
bitwise_or: The bits set in either; of booleans the logical or.
bitwise_right_shift: Shifts the bits of each integer to the right, keeping the sign.
bitwise_xor: The bits set in just one; of booleans the exclusive or.
blackman_window: A Blackman window of the given length.
block_diag: A matrix with the given ones along its diagonal, and zeros elsewhere.
bmm: The matrix products of two batches of matrices.
broadcast_tensors: The tensors, all expanded to their common shape.
broadcast_to: The tensor expanded to a shape, as a view.
bucketize: For each element the index of the interval, between sorted boundaries, in which it lies.
can_cast: Whether PyTorch converts one dtype to another in an in-place operation.
cartesian_prod: All combinations of elements of the given vectors, a row for each.
cat: Joins tensors along a dimension that they have already.
cauchy: Fills with draws from a Cauchy distribution.
cdist: The distances between each pair of rows of two tensors.
ceil: The smallest integer that is not less than each element.
celu: The continuously differentiable exponential linear unit of each element.
chain_matmul: The product of several matrices, multiplied in the order that costs least.
channel_shuffle: Reorders channels so that the groups mix.
cholesky: The Cholesky factor of a symmetric positive definite matrix.
cholesky_inverse: The inverse of a symmetric positive definite matrix, from its Cholesky factor.
cholesky_solve: Solves a linear system with the Cholesky factor of its matrix.
chunk: Splits into so many parts along a dimension; views.
clamp: Limits each element to lie from \`min\` to \`max\`.
clamp_max: Limits each element to at most \`max\`.
clamp_min: Limits each element to at least \`min\`.
clip: Limits each element to lie from \`min\` to \`max\`; the same as \`clamp\`.
clone: A copy of the tensor, through which gradients flow.
coalesce: The sparse tensor with entries of the same place added up.
column_stack: Joins vectors as the columns of a matrix.
combinations: All combinations of \`r\` elements of a vector, a row for each.
complex: Complex numbers from their real and imaginary parts.
concat: Joins tensors along a dimension; the same as \`cat\`.
concatenate: Joins tensors along a dimension; the same as \`cat\`.
conj: The complex conjugate of each element, as a view.
conj_physical: The complex conjugate of each element, computed at once.
constant_pad_nd: Pads the last dimensions with a value.
contiguous: The tensor in row-major memory; a copy only where it is not.
conv1d: Slides filters along the last dimension and sums the products.
conv2d: Slides filters over the last two dimensions and sums the products.
conv3d: Slides filters over the last three dimensions and sums the products.
conv_transpose1d: The transposed convolution along the last dimension, which goes the way back of \`conv1d\`.
conv_transpose2d: The transposed convolution over the last two dimensions, which goes the way back of \`conv2d\`.
conv_transpose3d: The transposed convolution over the last three dimensions, which goes the way back of \`conv3d\`.
copy: Copies the elements of another tensor, broadcast and converted.
copysign: The magnitude of each element with the sign of \`other\`.
corrcoef: The correlation coefficients of variables, which are rows.
cos: The cosine of each element, in radians.
cosh: The hyperbolic cosine of each element.
cosine_similarity: The cosine of the angle between vectors along a dimension.
count_nonzero: How many elements are not zero.
cov: The covariance of variables, which are rows.
cross: The cross product of vectors of three elements.
ctc_loss: The connectionist temporal classification loss.
cummax: The largest element so far along a dimension, and its index.
cummin: The smallest element so far along a dimension, and its index.
cumprod: The product so far along a dimension.
cumsum: The sum so far along a dimension.
cumulative_trapezoid: The integral so far along a dimension, by the trapezoidal rule.
deg2rad: Degrees to radians.
dequantize: The floating-point tensor that a quantized one stands for.
det: The determinant of a square matrix, or of each of a batch.
detach: The same memory, apart from the graph: gradients do not flow through it.
diag: The diagonal of a matrix, or a matrix with this diagonal.
diag_embed: Matrices with the last dimension of the tensor on their diagonal.
diagflat: A matrix with all elements of the tensor on its diagonal.
diagonal: The diagonal over two dimensions, as a view.
diagonal_scatter: A copy with the diagonal replaced by \`src\`.
diff: The differences of neighbours along a dimension, \`n\` times over.
digamma: The derivative of the logarithm of the gamma function.
dim: The number of dimensions.
dist: The norm of the difference of two tensors.
div: Divides by \`other\`; with \`roundingMode\` rounds to zero ("trunc") or down ("floor").
divide: Divides by \`other\`; the same as \`div\`.
dot: The sum of the products of two vectors.
dropout: Sets elements to zero at random while training, and scales the others up.
dsplit: Splits along the third dimension.
dstack: Joins along the third dimension.
elu: The exponential linear unit of each element.
embedding: Looks up rows of a table by their indices.
empty: A tensor whose elements are not set.
empty_like: A tensor like this one whose elements are not set.
eq: Whether each element equals that of \`other\`.
equal: Whether both tensors have the same shape and elements.
erf: The error function of each element.
erfc: One minus the error function of each element.
erfinv: The inverse of the error function of each element.
exp: e to the power of each element.
exp2: 2 to the power of each element.
expand: A view with dimensions of size 1 repeated to the given sizes; -1 keeps a size.
expand_as: A view expanded to the shape of another tensor.
expm1: e to the power of each element, minus 1, exact for small ones.
exponential: Fills with draws from an exponential distribution.
eye: A matrix with ones on its diagonal, and zeros elsewhere.
fft_fft: The discrete Fourier transform along a dimension.
fft_fft2: The discrete Fourier transform over two dimensions.
fft_fftfreq: The frequencies that belong to the elements of an \`fft\` of \`n\` samples.
fft_fftn: The discrete Fourier transform over several dimensions.
fft_fftshift: Moves the zero frequency to the middle.
fft_hfft: The Fourier transform of half of a Hermitian signal, which is real.
fft_ifft: The inverse of \`fft\`.
fft_ifft2: The inverse of \`fft2\`.
fft_ifftn: The inverse of \`fftn\`.
fft_ifftshift: The inverse of \`fftshift\`.
fft_ihfft: The inverse of \`hfft\`.
fft_irfft: The inverse of \`rfft\`, with \`n\` real elements.
fft_irfft2: The inverse of \`rfft2\`.
fft_irfftn: The inverse of \`rfftn\`.
fft_rfft: The Fourier transform of a real signal: its frequencies from 0 up.
fft_rfft2: The Fourier transform of a real signal over two dimensions.
fft_rfftfreq: The frequencies that belong to the elements of an \`rfft\` of \`n\` samples.
fft_rfftn: The Fourier transform of a real signal over several dimensions.
fill: Sets all elements to a value.
fill_diagonal: Sets the diagonal to a value.
fix: Each element rounded to zero; the same as \`trunc\`.
flatten: Joins the dimensions from \`startDim\` to \`endDim\` to one.
flip: Reverses the order along dimensions, as a copy.
fliplr: Reverses the order along the second dimension.
flipud: Reverses the order along the first dimension.
float_power: Raises to a power, computed in float64.
floor: The largest integer that is not greater than each element.
floor_divide: Divides by \`other\` and rounds down.
fmax: The larger element of two tensors, passing over NaN.
fmin: The smaller element of two tensors, passing over NaN.
fmod: The remainder of the division, with the sign of the dividend.
frac: The part of each element after the decimal point, with its sign.
frexp: Each element as a mantissa and a power of two.
full: A tensor of a shape, filled with a value, which also decides the dtype.
full_like: A tensor like this one, filled with a value.
gather: Takes the elements at the given indices along a dimension.
gcd: The greatest common divisor of each pair.
ge: Whether each element is greater than, or equal to, that of \`other\`.
gelu: The Gaussian error linear unit of each element.
geometric: Fills with draws from a geometric distribution.
ger: The outer product of two vectors; the same as \`outer\`.
glu: The first half of a dimension times the sigmoid of the second.
gradient: Estimates the gradient along dimensions by differences.
greater: Whether each element is greater; the same as \`gt\`.
greater_equal: Whether each element is greater or equal; the same as \`ge\`.
group_norm: Normalizes groups of channels of each example.
gt: Whether each element is greater than that of \`other\`.
hamming_window: A Hamming window of the given length.
hann_window: A Hann window of the given length.
hardshrink: Sets elements from \`-lambd\` to \`lambd\` to zero.
hardsigmoid: A sigmoid of three straight pieces.
hardswish: Each element times its \`hardsigmoid\`.
hardtanh: Limits each element to lie from \`minVal\` to \`maxVal\`.
heaviside: 0 for negative elements, 1 for positive ones, and \`values\` for zero.
histc: Counts elements in \`bins\` intervals of equal width from \`min\` to \`max\`.
histogram: Counts elements in intervals, and returns their edges as well.
hsplit: Splits along the second dimension, or the only one.
hstack: Joins along the second dimension, or the only one.
huber_loss: Squared error for small differences and absolute error for others.
hypot: The length of the hypotenuse of right triangles with these legs.
i0: The modified Bessel function of the first kind, of order 0.
igamma: The regularized lower incomplete gamma function.
igammac: The regularized upper incomplete gamma function.
imag: The imaginary part, as a view.
index_add: Adds the slices of \`source\` at the given indices along a dimension.
index_copy: Copies the slices of \`source\` to the given indices along a dimension.
index_fill: Sets the slices at the given indices along a dimension to a value.
index_reduce: Combines the slices of \`source\` with those at the given indices by product, mean, maximum or minimum.
index_select: The slices at the given indices along a dimension, as a copy.
inner: The products of the last dimensions of two tensors, summed.
inverse: The inverse of a square matrix; the same as \`linalg.inv\`.
is_complex: Whether the dtype is complex.
is_contiguous: Whether the elements lie in row-major order without gaps.
is_floating_point: Whether the dtype is a floating-point one.
is_nonzero: Whether the single element is not zero.
is_same_size: Whether both tensors have the same shape.
is_signed: Whether the dtype has negative numbers.
isclose: Whether each element equals that of \`other\` within a tolerance.
isfinite: Whether each element is neither infinite nor NaN.
isin: Whether each element is one of \`testElements\`.
isinf: Whether each element is infinite.
isnan: Whether each element is NaN.
isneginf: Whether each element is negative infinity.
isposinf: Whether each element is positive infinity.
isreal: Whether each element has no imaginary part.
istft: The inverse of \`stft\`.
kaiser_window: A Kaiser window of the given length.
kl_div: The Kullback-Leibler divergence of \`target\` from log probabilities.
kron: The Kronecker product of two tensors.
kthvalue: The \`k\`-th smallest element along a dimension, counted from 1, and its index.
l1_loss: The absolute error between two tensors.
layer_norm: Normalizes over the last dimensions, then scales and shifts.
lcm: The least common multiple of each pair.
ldexp: Each element times two to the power of \`other\`.
le: Whether each element is less than, or equal to, that of \`other\`.
leaky_relu: Negative elements times a small slope, positive ones as they are.
lerp: Interpolates between two tensors: \`self + weight * (end - self)\`.
less: Whether each element is less; the same as \`lt\`.
less_equal: Whether each element is less or equal; the same as \`le\`.
lgamma: The logarithm of the absolute value of the gamma function.
linalg_cholesky: The lower (or \`upper\`) Cholesky factor of a symmetric positive definite matrix.
linalg_cond: The condition number of a matrix.
linalg_cross: The cross product of vectors of three elements.
linalg_det: The determinant of a square matrix, or of each of a batch.
linalg_diagonal: The diagonal of matrices, as a view.
linalg_eig: The eigenvalues and eigenvectors of a square matrix, complex.
linalg_eigh: The eigenvalues, ascending, and eigenvectors of a symmetric or Hermitian matrix.
linalg_eigvals: The eigenvalues of a square matrix, complex.
linalg_eigvalsh: The eigenvalues, ascending, of a symmetric or Hermitian matrix.
linalg_inv: The inverse of a square matrix, or of each of a batch.
linalg_lstsq: The least squares solution of a linear system, with residuals, rank and singular values.
linalg_lu: The LU decomposition of a matrix with its permutation: \`P\`, \`L\` and \`U\`.
linalg_lu_factor: The LU decomposition of a matrix in compact form, for \`luSolve\`.
linalg_lu_solve: Solves a linear system from the compact LU decomposition of its matrix.
linalg_matmul: The matrix product of two tensors; the same as \`torch.matmul\`.
linalg_matrix_exp: The exponential of a square matrix.
linalg_matrix_norm: A norm of matrices: Frobenius ("fro"), nuclear ("nuc"), or of an order.
linalg_matrix_power: A square matrix to an integer power.
linalg_matrix_rank: The number of singular values above a tolerance.
linalg_multi_dot: The product of several matrices, multiplied in the order that costs least.
linalg_norm: A norm of a vector or a matrix.
linalg_pinv: The pseudoinverse of a matrix.
linalg_qr: The QR decomposition of a matrix.
linalg_slogdet: The sign and the logarithm of the absolute value of the determinant.
linalg_solve: The solution of a square system of linear equations.
linalg_solve_triangular: The solution of a system whose matrix is triangular.
linalg_svd: The singular value decomposition: \`U\`, \`S\` and \`Vh\`.
linalg_svdvals: The singular values, descending.
linalg_vander: The powers of each element: a Vandermonde matrix.
linalg_vecdot: The dot products of vectors along a dimension.
linalg_vector_norm: A norm of vectors along dimensions.
linear: The product with the transposed weight, plus the bias.
linspace: \`steps\` numbers at equal distance from \`start\` to \`end\`, both included.
log: The natural logarithm of each element.
log10: The logarithm to base 10 of each element.
log1p: The natural logarithm of 1 plus each element, exact for small ones.
log2: The logarithm to base 2 of each element.
log_normal: Fills with draws from a log-normal distribution.
log_sigmoid: The logarithm of the sigmoid of each element.
log_softmax: The logarithm of \`softmax\` along a dimension, without loss of precision.
logaddexp: The logarithm of the sum of the exponentials of two tensors.
logaddexp2: The logarithm to base 2 of the sum of the powers of 2 of two tensors.
logcumsumexp: The logarithm of the sum so far of exponentials, along a dimension.
logdet: The logarithm of the determinant.
logical_and: Whether both elements are true or not zero.
logical_not: Whether each element is false or zero.
logical_or: Whether either element is true or not zero.
logical_xor: Whether just one element is true or not zero.
logit: The logarithm of the odds of each probability.
logspace: \`steps\` numbers from \`base\` to the power of \`start\` to that of \`end\`, evenly in the exponent.
logsumexp: The logarithm of the sum of exponentials along dimensions, without overflow.
lt: Whether each element is less than that of \`other\`.
mH: The conjugate of the tensor with its last two dimensions swapped, as a view.
mT: The tensor with its last two dimensions swapped, as a view.
masked_fill: Sets elements where the mask is true to a value.
masked_scatter: Sets elements where the mask is true to those of \`source\`, in order.
masked_select: The elements where the mask is true, as a vector.
matmul: The matrix product; of vectors the dot product, of more dimensions a batch of products.
matrix_exp: The exponential of a square matrix.
matrix_H: The conjugate of a matrix, transposed, as a view.
matrix_power: A square matrix to an integer power.
max: The largest element, or the largest along a dimension with its index, or the larger of two tensors.
max_pool1d: The largest element of windows that slide along the last dimension.
max_pool2d: The largest element of windows that slide over the last two dimensions.
max_pool3d: The largest element of windows that slide over the last three dimensions.
maximum: The larger element of two tensors; NaN where either is.
mean: The average of the elements, of the whole or along dimensions.
median: The median of all elements, or along a dimension with its index; the lower of two in the middle.
meshgrid: The coordinates of a grid whose axes are the given vectors.
min: The smallest element, or the smallest along a dimension with its index, or the smaller of two tensors.
minimum: The smaller element of two tensors; NaN where either is.
mish: Each element times the hyperbolic tangent of its \`softplus\`.
mm: The product of two matrices.
mode: The commonest element along a dimension, and its index.
moveaxis: Moves dimensions to other places; the same as \`movedim\`.
movedim: Moves dimensions to other places, as a view.
mse_loss: The squared error between two tensors.
msort: Sorts along the first dimension.
mul: Multiplies by \`other\`, element by element.
multinomial: Draws indices with the probabilities that each row gives.
multiply: Multiplies by \`other\`; the same as \`mul\`.
mv: The product of a matrix and a vector.
mvlgamma: The logarithm of the multivariate gamma function.
nan_to_num: Replaces NaN and infinities by numbers.
nanmean: The average of the elements that are not NaN.
nanmedian: The median of the elements that are not NaN.
nanquantile: A quantile of the elements that are not NaN.
nansum: The sum of the elements that are not NaN.
narrow: A view of \`length\` elements from \`start\` on, along a dimension.
ne: Whether each element differs from that of \`other\`.
neg: The negative of each element.
negative: The negative of each element; the same as \`neg\`.
new_empty: A tensor of a shape, of this dtype and device, whose elements are not set.
new_full: A tensor of a shape, of this dtype and device, filled with a value.
new_ones: A tensor of ones, of this dtype and device.
new_zeros: A tensor of zeros, of this dtype and device.
nextafter: The next floating-point number after each element, towards \`other\`.
nonzero: The indices of the elements that are not zero, a row for each.
norm: A norm of the elements, of the whole or along dimensions.
normal: Draws from normal distributions with these means and standard deviations.
not_equal: Whether each element differs; the same as \`ne\`.
numel: The number of elements.
numpy_T: The tensor with its dimensions in reverse order, as a view.
one_hot: A row of zeros with a single 1, at the given index, for each element.
ones: A tensor of a shape, filled with ones.
ones_like: A tensor like this one, filled with ones.
outer: The products of each pair of elements of two vectors, as a matrix.
pad: Pads the last dimensions with a constant, or by reflecting, replicating or wrapping the edge.
pairwise_distance: The distance between vectors of two tensors.
pdist: The distances between all pairs of rows.
permute: The tensor with its dimensions in another order, as a view.
pinverse: The pseudoinverse of a matrix; the same as \`linalg.pinv\`.
pixel_shuffle: Rearranges channels to a larger image, by a factor.
pixel_unshuffle: Rearranges an image to more channels; the inverse of \`pixelShuffle\`.
poisson: Draws from Poisson distributions with these rates.
polar: Complex numbers from their moduli and angles.
polygamma: The \`n\`-th derivative of the digamma function.
positive: The tensor itself.
pow: Raises to a power, element by element.
prelu: Negative elements times a weight that can be learned.
prod: The product of the elements, of the whole or along a dimension.
promote_types: The dtype to which two dtypes are promoted together.
put: Sets the elements at the given places of the flattened tensor.
qr: The QR decomposition of a matrix; the same as \`linalg.qr\`.
quantile: The \`q\`-th quantile of all elements, or along a dimension.
rad2deg: Radians to degrees.
rand: Random numbers, uniform from 0 to 1.
rand_like: Random numbers, uniform from 0 to 1, in the shape of this tensor.
randint: Random integers from \`low\` (or 0) up to, and not including, \`high\`.
randint_like: Random integers up to, and not including, \`high\`, in the shape of this tensor.
randn: Random numbers of the standard normal distribution.
randn_like: Random numbers of the standard normal distribution, in the shape of this tensor.
random: Fills with random integers.
randperm: The integers from 0 up to \`n\`, in random order.
ravel: The elements as a vector; a copy only where needed.
real: The real part, as a view.
reciprocal: One divided by each element.
relu: Sets negative elements to zero.
relu6: Limits each element to lie from 0 to 6.
remainder: The remainder of the division, with the sign of the divisor.
repeat: Repeats the tensor along each dimension, as a copy.
repeat_interleave: Repeats each element, one after the other.
reshape: The elements in another shape; a view where possible. One size may be -1.
reshape_as: The elements in the shape of another tensor.
result_type: The dtype of an operation on both arguments.
rms_norm: Divides by the root of the mean square over the last dimensions, then scales.
roll: Moves elements along dimensions; those that leave at the end come in at the start.
rot90: Rotates by 90 degrees, \`k\` times, in the plane of two dimensions.
round: Each element rounded to the nearest integer, or to \`decimals\`; halves to the even one.
rrelu: Negative elements times a random slope.
rsqrt: One divided by the square root of each element.
rsub: Subtracts this tensor, times \`alpha\`, from \`other\`.
scalar_tensor: A tensor without dimensions that holds a number.
scaled_dot_product_attention: Attention: values weighted by the softmax of scaled products of queries and keys.
scatter: Sets the elements at the given indices along a dimension.
scatter_add: Adds to the elements at the given indices along a dimension.
scatter_reduce: Combines elements with those at the given indices by sum, product, mean, maximum or minimum.
searchsorted: For each value the index at which it would keep the sequence sorted.
select: The slice at an index along a dimension, as a view.
select_scatter: A copy with the slice at an index along a dimension replaced by \`src\`.
selu: The scaled exponential linear unit of each element.
sgn: The sign of each element; of a complex one the number of modulus 1 in its direction.
sigmoid: 1 / (1 + e^-x) of each element.
sign: -1, 0 or 1 by the sign of each element.
signbit: Whether the sign bit of each element is set.
silu: Each element times its sigmoid.
sin: The sine of each element, in radians.
sinc: sin(πx) / (πx) of each element.
sinh: The hyperbolic sine of each element.
slice_scatter: A copy with a slice along a dimension replaced by \`src\`.
slogdet: The sign and the logarithm of the absolute value of the determinant.
smooth_l1_loss: Squared error for differences below \`beta\` and absolute error for others.
softmax: The exponentials along a dimension, divided by their sum.
softplus: log(1 + e^x) of each element, a smooth \`relu\`.
softshrink: Moves each element towards zero by \`lambd\`.
sort: The elements sorted along a dimension, and the indices they had.
special_bessel_j0: The Bessel function of the first kind, of order 0.
special_bessel_j1: The Bessel function of the first kind, of order 1.
special_digamma: The derivative of the logarithm of the gamma function.
special_entr: -x ln x of each element.
special_erf: The error function of each element.
special_erfc: One minus the error function of each element.
special_erfcx: The scaled complementary error function: e^(x²) erfc(x).
special_erfinv: The inverse of the error function of each element.
special_exp2: 2 to the power of each element.
special_expit: The sigmoid of each element.
special_expm1: e to the power of each element, minus 1, exact for small ones.
special_gammainc: The regularized lower incomplete gamma function.
special_gammaincc: The regularized upper incomplete gamma function.
special_gammaln: The logarithm of the absolute value of the gamma function.
special_i0: The modified Bessel function of the first kind, of order 0.
special_i1: The modified Bessel function of the first kind, of order 1.
special_log1p: The natural logarithm of 1 plus each element, exact for small ones.
special_log_ndtr: The logarithm of the area under the standard normal curve up to each element.
special_log_softmax: The logarithm of \`softmax\` along a dimension.
special_logit: The logarithm of the odds of each probability.
special_logsumexp: The logarithm of the sum of exponentials along dimensions.
special_ndtr: The area under the standard normal curve up to each element.
special_ndtri: The inverse of \`ndtr\`.
special_polygamma: The \`n\`-th derivative of the digamma function.
special_psi: The derivative of the logarithm of the gamma function; the same as \`digamma\`.
special_round: Each element rounded to the nearest integer, halves to the even one.
special_sinc: sin(πx) / (πx) of each element.
special_softmax: The exponentials along a dimension, divided by their sum.
special_xlog1py: x times log1p(y), and 0 where x is 0.
special_xlogy: x times log(y), and 0 where x is 0.
special_zeta: The Hurwitz zeta function.
split: Splits along a dimension into parts of a size, or of the sizes given; views.
split_with_sizes: Splits along a dimension into parts of the sizes given; views.
sqrt: The square root of each element.
square: The square of each element.
squeeze: Removes dimensions of size 1: all, one, or those listed; a view.
stack: Joins tensors of the same shape along a new dimension.
std: The standard deviation, of the whole or along dimensions.
std_mean: The standard deviation and the mean.
stft: The Fourier transform of overlapping windows of a signal.
sub: Subtracts \`other\`, times \`alpha\`, element by element.
subtract: Subtracts \`other\`; the same as \`sub\`.
sum: The sum of the elements, of the whole or along dimensions.
sum_to_size: Sums so that the result has a shape that broadcasts to this one.
svd: The singular value decomposition: \`U\`, \`S\` and \`V\`.
swapaxes: Swaps two dimensions; the same as \`transpose\`.
swapdims: Swaps two dimensions; the same as \`transpose\`.
t: A matrix with its dimensions swapped, as a view.
take: The elements at the given places of the flattened tensor.
take_along_dim: The elements at the given indices along a dimension, which are broadcast.
tan: The tangent of each element, in radians.
tanh: The hyperbolic tangent of each element.
tensor_split: Splits into so many parts, or at the indices given, along a dimension; views.
threshold: Replaces elements that do not exceed a threshold by a value.
tile: Repeats the tensor along each dimension.
to_dense: The elements as an ordinary tensor.
to_sparse: The elements that are not zero, with their places.
topk: The \`k\` largest (or smallest) elements along a dimension, and their indices.
trace: The sum of the diagonal of a matrix.
transpose: Swaps two dimensions, as a view.
trapezoid: The integral along a dimension, by the trapezoidal rule.
trapz: The integral along a dimension; the same as \`trapezoid\`.
triangular_solve: Solves a system whose matrix is triangular.
tril: The matrix with zeros above a diagonal.
tril_indices: The indices of the elements on and below a diagonal.
triu: The matrix with zeros below a diagonal.
triu_indices: The indices of the elements on and above a diagonal.
true_divide: Divides by \`other\`, always to a fraction; the same as \`div\`.
trunc: Each element without the part after the decimal point.
type_as: The tensor in the dtype of another.
unbind: The slices along a dimension, without it; views.
unflatten: Splits a dimension into several, as a view.
unfold: Windows that slide along a dimension, as a view with one more dimension.
uniform: Fills with draws from a uniform distribution.
unsqueeze: Adds a dimension of size 1 at the given place; a view.
vander: The powers of each element: a Vandermonde matrix.
var: The variance, of the whole or along dimensions.
var_mean: The variance and the mean.
vdot: The sum of the products of two vectors, the first conjugated.
view: The same memory in another shape (one size may be -1) or dtype.
view_as: The same memory in the shape of another tensor.
view_as_complex: Pairs of real numbers as complex ones, a view.
view_as_real: Complex numbers as pairs of real ones, a view.
vsplit: Splits along the first dimension.
vstack: Joins along the first dimension.
where: Takes from one where the condition is true, and from the other elsewhere; alone: the indices where it is.
xlogy: x times log(y), and 0 where x is 0.
zero: Sets all elements to zero.
zeros: A tensor of a shape, filled with zeros.
zeros_like: A tensor like this one, filled with zeros.
`;

/** The sentences by ATen's name. */
export const sentences: ReadonlyMap<string, string> = new Map(
  text.trim().split("\n").map((line) => {
    const at = line.indexOf(": ");
    return [line.slice(0, at), line.slice(at + 2)];
  }),
);
